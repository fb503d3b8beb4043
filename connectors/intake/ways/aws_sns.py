"""Events of AWS that Amazon SNS posts to us: proven by its signature, the subscription confirmed by ourselves."""

from datetime import timedelta

from connectors.intake import sns_envelope
from connectors.intake.aws_message import TEXT, message_of, plain_body
from connectors.intake.keys import moved
from connectors.intake.reading import FORBIDDEN, object_in, only_post
from connectors.intake.receiver import (
    Endpoint,
    Incoming,
    Receiver,
    Refusal,
    Surroundings,
    Taken,
    TakenMessage,
)
from connectors.intake.sns_envelope import Allowed, Envelope
from connectors.outside import fetch_bytes
from domain.facts.intake import IntakeWay
from domain.facts.intake_settings import SnsSettings

# SNS tries again for less than this by itself; what is older is somebody's recording.
OLDEST = timedelta(hours=1)
# A message has 256 KiB at most, which JSON inside of JSON may nearly double.
MOST_BYTES = 640 * 1024
# Headers that SNS sets to what the message says.
SAME = {"x-amz-sns-message-type": "type", "x-amz-sns-message-id": "id", "x-amz-sns-topic-arn": "topic"}


async def receive(incoming: Incoming, endpoint: Endpoint, around: Surroundings) -> Taken:
    """Raises Refusal for what SNS has not signed for a topic of this endpoint, Unavailable when SNS is."""
    only_post(incoming)
    if incoming.headers.get("x-amz-sns-rawdelivery", "false").lower() != "false":
        raise Refusal(FORBIDDEN, "Raw messages carry no signature: switch raw message delivery off.")
    settings: SnsSettings = endpoint.settings
    allowed = Allowed(
        accounts=endpoint.accounts,
        topics=frozenset(settings.topic_arns),
        is_version_1_allowed=settings.allow_signature_version_1,
        oldest=OLDEST,
    )
    envelope = await sns_envelope.proven(object_in(incoming.body), allowed, around)
    _check_headers(incoming, envelope)
    if envelope.type == sns_envelope.UNSUBSCRIBED:
        body = plain_body(f"{envelope.topic} does not send here any more", envelope.message, envelope.sent_at)
        return Taken(messages=(TakenMessage(envelope.id, TEXT, body, envelope.sent_at),))
    if envelope.confirm_url is not None:
        return await _confirm(envelope.confirm_url, around)
    taken = message_of(
        envelope.id, envelope.message, endpoint.accounts, subject=envelope.subject, sent_at=envelope.sent_at
    )
    return Taken(messages=(taken,), is_confirmed=True)


def _check_headers(incoming: Incoming, envelope: Envelope) -> None:
    for header, name in SAME.items():
        if incoming.headers.get(header, getattr(envelope, name)) != getattr(envelope, name):
            raise Refusal(FORBIDDEN, f"The header {header} does not fit the message.")


async def _confirm(url: str, around: Surroundings) -> Taken:
    """Visiting the address is what confirms."""
    address = moved(url, around.authorities.get(sns_envelope.AUTHORITY))
    await fetch_bytes(address, around.allow_private, {"accept": "*/*"}, service="confirmation of SNS")
    return Taken(status=200, is_confirmed=True)


RECEIVER = Receiver(way=IntakeWay.AWS_SNS, receive=receive, most_bytes=MOST_BYTES, has_secret=False, makes_secret=False)
