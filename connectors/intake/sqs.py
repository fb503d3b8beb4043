"""Events of AWS in a queue of SQS, read with the account's own role.

What EventBridge and S3 put there is trusted by the queue's policy; what SNS put there carries its signature, and is
checked all the same. Source: SQS API reference, ReceiveMessage and DeleteMessageBatch; quotas, 10 messages a call.
"""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from connectors.clouds.aws import session
from connectors.intake import sns_envelope
from connectors.intake.aws_message import message_of
from connectors.intake.pulled import Pulled
from connectors.intake.reading import object_in
from connectors.intake.receiver import Endpoint, Refusal, Surroundings, TakenMessage
from connectors.intake.sns_envelope import Allowed
from connectors.reading.listing import Operation, Place
from connectors.reading.source import Reach
from domain.errors import Invalid, ProviderError, Unavailable
from domain.facts.aws_credentials import AwsCredentials
from domain.facts.intake_settings import SqsSettings

RECEIVE = Operation(
    name="sqs.receive_message",
    service="sqs",
    permissions=("sqs:ReceiveMessage",),
    options={"may_be_empty": True},
)
DELETE = Operation(name="sqs.delete_message_batch", service="sqs", permissions=("sqs:DeleteMessage",))
AT_ONCE, WAIT_SECONDS = 10, 20
URL = re.compile(
    r"https://(?:sqs\.([a-z0-9-]+)|([a-z0-9-]+)\.queue)\.amazonaws\.com(?:\.cn)?/(\d{12})/[\w.-]{1,80}", re.ASCII
)
# At a stand-in's address.
ELSEWHERE = re.compile(r"https?://[^/?#@]+/(\d{12})/[\w.-]{1,80}", re.ASCII)


class SqsQueue:
    """Made by `open_queue`."""

    def __init__(self, source: session.AwsSource, place: Place, endpoint: Endpoint, around: Surroundings) -> None:
        self._source, self._place, self._endpoint, self._around = source, place, endpoint, around
        self._url: str = endpoint.settings.queue_url

    async def pull(self) -> Sequence[Pulled]:
        """At most ten. Raises ProviderError."""
        asked = {
            "QueueUrl": self._url,
            "WaitTimeSeconds": WAIT_SECONDS,
            "MaxNumberOfMessages": AT_ONCE,
            "MessageSystemAttributeNames": ["ApproximateReceiveCount"],
        }
        answer = await self._ask(RECEIVE, asked)
        return [await self._read(raw) for raw in answer.get("Messages") or []]

    async def done(self, receipts: Sequence[str]) -> None:
        """Delete them, at most ten. Raises ProviderError when one stays: it comes again then, and is known."""
        if not receipts:
            return
        entries = [{"Id": str(number), "ReceiptHandle": receipt} for number, receipt in enumerate(receipts)]
        answer = await self._ask(DELETE, {"QueueUrl": self._url, "Entries": entries})
        if failed := answer.get("Failed"):
            codes = ", ".join(sorted({str(one.get("Code")) for one in failed}))
            raise ProviderError(f"AWS keeps {len(failed)} messages that were read ({codes}).", service="sqs")

    async def _ask(self, operation: Operation, arguments: dict[str, Any]) -> dict[str, Any]:
        pages = [page async for page in self._source.pages(operation, self._place, arguments)]
        return dict(pages[0]) if pages else {}

    async def _read(self, raw: dict[str, Any]) -> Pulled:
        receives = int((raw.get("Attributes") or {}).get("ApproximateReceiveCount") or 1)
        try:
            message = await self._taken(raw)
        except Refusal as refusal:
            return Pulled(raw["ReceiptHandle"], receives, None, refusal.reason)
        except Unavailable as error:
            # One certificate that is not to be had must not keep the others from coming in.
            return Pulled(raw["ReceiptHandle"], receives, None, error.message)
        return Pulled(raw["ReceiptHandle"], receives, message)

    async def _taken(self, raw: dict[str, Any]) -> TakenMessage:
        body = object_in(raw["Body"])
        accounts = self._endpoint.accounts
        if "Type" not in body or "TopicArn" not in body:
            return message_of(raw["MessageId"], raw["Body"], accounts)
        # It may have waited in the queue for days, so its age says nothing.
        is_allowed = self._endpoint.settings.allow_signature_version_1
        allowed = Allowed(accounts=accounts, topics=None, is_version_1_allowed=is_allowed)
        envelope = await sns_envelope.proven(body, allowed, self._around)
        return message_of(envelope.id, envelope.message, accounts, subject=envelope.subject, sent_at=envelope.sent_at)


@asynccontextmanager
async def open_queue(
    credentials: AwsCredentials, reach: Reach, endpoint: Endpoint, around: Surroundings
) -> AsyncIterator[SqsQueue]:
    """The queue of the endpoint's settings.

    Raises Invalid for an address that is no queue of a connected account, and ProviderError when AWS lets us not in.
    """
    settings: SqsSettings = endpoint.settings
    region, account = place_of(settings.queue_url, credentials.endpoint_url is not None)
    if account not in endpoint.accounts:
        raise Invalid("The queue is of an account that is not connected.", path=("queue_url",))
    async with session.open_source(credentials, reach) as source:
        place = Place(account_id=account, region=region, now=around.now)
        yield SqsQueue(source, place, endpoint, around)


def place_of(queue_url: str, is_elsewhere: bool = False) -> tuple[str | None, str]:
    """Region and account of a queue. Raises Invalid for what is not the address of one."""
    if found := URL.fullmatch(queue_url):
        return found[1] or found[2], found[3]
    if is_elsewhere and (found := ELSEWHERE.fullmatch(queue_url)):
        return None, found[1]
    raise Invalid("Give the queue's URL: https://sqs.REGION.amazonaws.com/ACCOUNT/NAME.", path=("queue_url",))
