"""The host of SNS in one region: moto's certificates at the address that a stand-in for authorities has."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx2

from tests.fakes.aws import Moto
from tests.fakes.scripted import Answered, Asked, Scripted, scripted


@contextmanager
def sns_host(moto: Moto) -> Iterator[Scripted]:
    """One server of moto has all services: what a request is for it tells by the scope of its signature."""
    scope = "AWS4-HMAC-SHA256 Credential=AKIAHOST/20260101/us-east-1/sns/aws4_request, SignedHeaders=host, Signature=0"

    def forward(asked: Asked) -> Answered:
        answer = httpx2.get(f"{moto.url}{asked.target}", headers={"authorization": scope})
        return Answered(answer.text, answer.status_code)

    with scripted(forward) as host:
        yield host
