"""Whether a message is of Amazon SNS and of a topic that may send here.

Sources: SNS Developer Guide, "Verifying the signatures of Amazon SNS messages" and "HTTP/HTTPS notification JSON
format"; AWS SDK for Java, SnsMessageManager, for the name a certificate is made out to.
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

from connectors.intake.keys import NotTrusted, moved, signing_key
from connectors.intake.reading import BAD_REQUEST, FORBIDDEN, check_age, id_of, instant_of, text_of
from connectors.intake.receiver import Refusal, Surroundings

AUTHORITY = "aws_sns"
# The whole address, so that there is no room for a port, a user name, or letters that look like others.
HOST = r"https://sns\.([a-z0-9-]{3,})\.amazonaws\.com(?:\.cn)?"
CERTIFICATE = re.compile(HOST + r"/[A-Za-z0-9_-]+\.pem", re.ASCII)
CONFIRMATION = re.compile(HOST + r"/\?[!-~]+", re.ASCII)
TOPIC = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:(\d{12}):[A-Za-z0-9_-]{1,256}(?:\.fifo)?", re.ASCII)
NOTIFICATION, SUBSCRIBED, UNSUBSCRIBED = "Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation"
_CONFIRMED = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
SIGNED = {
    NOTIFICATION: ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    SUBSCRIBED: _CONFIRMED,
    UNSUBSCRIBED: _CONFIRMED,
}
# Version 1 is what topics use until they are told otherwise.
HASHES: Mapping[str, type[hashes.SHA1] | type[hashes.SHA256]] = {"1": hashes.SHA1, "2": hashes.SHA256}


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """`topics`: those that may send, None for any of `accounts`. `oldest` None: it may have waited, as in a queue."""

    accounts: frozenset[str]
    topics: frozenset[str] | None
    is_version_1_allowed: bool = False
    oldest: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Envelope:
    """`confirm_url` is what confirms the subscription, for a SubscriptionConfirmation only."""

    id: str
    type: str
    topic: str
    subject: str | None
    message: str = field(repr=False)
    sent_at: datetime
    confirm_url: str | None = field(default=None, repr=False)


async def proven(raw: Mapping[str, Any], allowed: Allowed, around: Surroundings) -> Envelope:
    """The envelope, once it is sure that SNS has signed it for a topic that may send here.

    Raises Refusal for any other, and Unavailable when the certificate cannot be fetched just now. What costs nothing
    is looked at first, so that nobody has certificates fetched at will.
    """
    envelope = _read(raw)
    url = text_of(raw, "SigningCertURL")
    found = CERTIFICATE.fullmatch(url)
    if found is None:
        raise Refusal(FORBIDDEN, "The signing certificate is not at an address of SNS.")
    _check_version(raw, allowed)
    _check_topic(envelope.topic, allowed)
    if allowed.oldest is not None:
        check_age(envelope.sent_at, around.now, allowed.oldest)
    await _check_signature(raw, url, found[1], around)
    return envelope


def _read(raw: Mapping[str, Any]) -> Envelope:
    type_ = text_of(raw, "Type")
    if type_ not in SIGNED:
        raise Refusal(BAD_REQUEST, "It is no message of SNS.")
    subject = raw.get("Subject")
    if not isinstance(subject, str | None) or not isinstance(raw.get("Message"), str):
        raise Refusal(BAD_REQUEST, "Its message or subject is not text.")
    topic = text_of(raw, "TopicArn")
    is_confirmation = type_ == SUBSCRIBED
    return Envelope(
        id=id_of(raw, "MessageId"),
        type=type_,
        topic=topic,
        subject=subject,
        message=raw["Message"],
        sent_at=instant_of(raw, "Timestamp"),
        confirm_url=_confirm_url(raw, topic) if is_confirmation else None,
    )


def _confirm_url(raw: Mapping[str, Any], topic: str) -> str:
    url = text_of(raw, "SubscribeURL")
    asked = parse_qs(urlsplit(url).query) if CONFIRMATION.fullmatch(url) else {}
    wanted = {"Action": ["ConfirmSubscription"], "TopicArn": [topic], "Token": [text_of(raw, "Token")]}
    if {name: asked.get(name) for name in wanted} != wanted:
        raise Refusal(FORBIDDEN, "The address to confirm at is not one of SNS for this topic.")
    return url


def _check_version(raw: Mapping[str, Any], allowed: Allowed) -> None:
    version = text_of(raw, "SignatureVersion")
    if version not in HASHES:
        raise Refusal(FORBIDDEN, "It is signed in a way we do not know.")
    if version == "1" and not allowed.is_version_1_allowed:
        raise Refusal(FORBIDDEN, "It is signed with SHA-1: set the topic's attribute SignatureVersion to 2.")


def _check_topic(topic: str, allowed: Allowed) -> None:
    found = TOPIC.fullmatch(topic)
    if found is None or found[1] not in allowed.accounts:
        raise Refusal(FORBIDDEN, "Its topic is of no connected account.")
    if allowed.topics is not None and topic not in allowed.topics:
        raise Refusal(FORBIDDEN, "Its topic is not among those that may send here.")


async def _check_signature(raw: Mapping[str, Any], url: str, region: str, around: Surroundings) -> None:
    address = moved(url, around.authorities.get(AUTHORITY))
    try:
        chain = await around.keys.chain(address, around.allow_private)
        names = (f"sns.{region}.amazonaws.com", "sns.amazonaws.com", f"sns.{region}.amazonaws.com.cn")
        key = signing_key(chain, frozenset(names))
    except NotTrusted as error:
        raise Refusal(FORBIDDEN, f"It is not signed by SNS: {error}.") from error
    if not chain[0].not_valid_before_utc <= around.now <= chain[0].not_valid_after_utc:
        raise Refusal(FORBIDDEN, "The certificate it is signed with is not valid now.")
    algorithm = HASHES[raw["SignatureVersion"]]()
    try:
        key.verify(_signature(raw), signed_text(raw), PKCS1v15(), algorithm)
    except InvalidSignature as error:
        raise Refusal(FORBIDDEN, "Its signature does not hold.") from error


def _signature(raw: Mapping[str, Any]) -> bytes:
    """In the one way to write these bytes."""
    text = text_of(raw, "Signature")
    try:
        found = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise Refusal(BAD_REQUEST, "Its signature cannot be read.") from error
    if base64.b64encode(found).decode() != text:
        raise Refusal(BAD_REQUEST, "Its signature cannot be read.")
    return found


def signed_text(raw: Mapping[str, Any]) -> bytes:
    """What SNS signs of a message: names and values of these fields, each on a line. Raises Refusal (400)."""
    lines = []
    for name in SIGNED[raw["Type"]]:
        if name == "Subject" and raw.get(name) is None:
            continue
        # An empty message is a message.
        lines.append(f"{name}\n{raw[name] if name in ('Message', 'Subject') else text_of(raw, name)}\n")
    return "".join(lines).encode()
