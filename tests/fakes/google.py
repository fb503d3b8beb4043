"""A Google Cloud put together: what its description tells is answered by Prism, the rest by hand."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

import httpx2
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from pydantic import SecretStr

from domain.facts.credentials import GcpCredentials
from tests.fakes.scripted import Answered, Asked, Scripted, scripted

PROJECT = "example-project"
EMAIL = "reader@example-project.iam.gserviceaccount.com"
TOKEN = Answered({"access_token": "ya29.reader", "expires_in": 3599, "token_type": "Bearer"})
Answers = Mapping[str, Any]


@cache
def private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    plain = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain).decode()


def elliptic_key() -> str:
    """A private key of a kind that Google does not give out."""
    return _pem(ec.generate_private_key(ec.SECP256R1()))


def key_file(**changes: Any) -> str:
    """As Google gives it out; the private key is made here."""
    made = {
        "type": "service_account",
        "project_id": PROJECT,
        "private_key_id": "k1",
        "private_key": _pem(private_key()),
        "client_email": EMAIL,
        "token_uri": "https://elsewhere.example.com/token",
    }
    return json.dumps(made | changes)


def credentials(url: str, **changes: Any) -> GcpCredentials:
    fields = {"project_id": PROJECT, "service_account_key": SecretStr(key_file()), "endpoint_url": url}
    return GcpCredentials(**fields | changes)


def answering(answers: Answers, otherwise: Callable[[Asked], Answered] | None = None) -> Callable[[Asked], Answered]:
    """A script by "METHOD path", in which {name} stands for anything; a function is asked, another value is the body.

    What is not in it is an empty answer, unless `otherwise` says another.
    """
    patterns = [(re.compile(re.sub(r"\\{[^}]*\\}", ".+", re.escape(path))), answer) for path, answer in answers.items()]

    def script(asked: Asked) -> Answered:
        for pattern, answer in patterns:
            if pattern.fullmatch(f"{asked.method} {asked.path}"):
                found = answer(asked) if callable(answer) else answer
                return found if isinstance(found, Answered) else Answered(found)
        if asked.path == "/token":
            return TOKEN
        return otherwise(asked) if otherwise else Answered({})

    return script


@contextmanager
def google(answers: Answers) -> Iterator[Scripted]:
    """The server, while the block runs."""
    with scripted(answering(answers)) as made:
        yield made


@contextmanager
def described(
    answers: Answers, prism: str, mended: Callable[[Asked, Answered], Answered]
) -> Iterator[tuple[Scripted, list[Asked]]]:
    """The same with a Prism at this address behind it: what `answers` lacks is asked there, mended, and listed."""
    forwarded: list[Asked] = []
    # Prism drops connections that rest a while, and may do so just when one is used again.
    fresh = httpx2.Limits(max_keepalive_connections=0)
    with httpx2.Client(base_url=prism, timeout=60, limits=fresh) as http:

        def forward(asked: Asked) -> Answered:
            forwarded.append(asked)
            kept = {name: asked.headers[name] for name in ("authorization", "content-type") if name in asked.headers}
            content = asked.text.encode() or None
            answer = http.request(asked.method, asked.path, params=asked.query, headers=kept, content=content)
            return mended(asked, Answered(answer.json(), answer.status_code))

        with scripted(answering(answers, forward)) as made:
            yield made, forwarded
