"""Events of Google Cloud in a subscription of Pub/Sub, pulled with the account's own key.

Source: Pub/Sub gRPC reference, Subscriber.Pull and Acknowledge. Unary pull: nothing is held while nobody stores it.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import orjson
from google.api_core import exceptions
from google.oauth2 import service_account
from google.pubsub_v1 import PullResponse, ReceivedMessage, SubscriberAsyncClient
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcAsyncIOTransport
from grpc import aio, ssl_channel_credentials

from connectors.clouds.gcp import access
from connectors.guard import Guard
from connectors.intake.pubsub_message import MOST_BYTES, message_of, project_of
from connectors.intake.pulled import Pulled
from connectors.intake.receiver import Endpoint
from connectors.reading.source import Reach
from domain.errors import (
    CredentialsRejected,
    Invalid,
    PermissionMissing,
    ProviderError,
    Throttled,
    Unavailable,
)
from domain.facts.credentials import GcpCredentials
from domain.facts.intake_settings import PubsubPullSettings
from domain.identity.provider import check_secure

SERVICE = "pubsub"
PULL, ACKNOWLEDGE = "Subscriber.Pull", "Subscriber.Acknowledge"
CONSUME = "pubsub.subscriptions.consume"
AT_ONCE, WAIT_SECONDS, ANSWER_SECONDS = 100, 20.0, 20.0
SCOPES = ("https://www.googleapis.com/auth/pubsub",)


class PubsubQueue:
    """Made by `open_queue`."""

    def __init__(self, client: SubscriberAsyncClient, guard: Guard, subscription: str) -> None:
        self._client, self._guard, self._subscription = client, guard, subscription

    async def pull(self) -> Sequence[Pulled]:
        """At most a hundred. Raises ProviderError."""
        answer = await self._guard.call(SERVICE, PULL, self._pull)
        return [_read(raw, self._subscription) for raw in answer.received_messages]

    async def done(self, receipts: Sequence[str]) -> None:
        """Acknowledge them. Raises ProviderError."""
        if receipts:
            await self._guard.call(SERVICE, ACKNOWLEDGE, partial(self._acknowledge, list(receipts)))

    async def _pull(self) -> PullResponse:
        asked = {"subscription": self._subscription, "max_messages": AT_ONCE}
        try:
            return await self._client.pull(request=asked, retry=None, timeout=WAIT_SECONDS)
        except exceptions.DeadlineExceeded:
            # Google waits for a message as long as we do.
            return PullResponse()

    async def _acknowledge(self, receipts: list[str]) -> None:
        asked = {"subscription": self._subscription, "ack_ids": receipts}
        await self._client.acknowledge(request=asked, retry=None, timeout=ANSWER_SECONDS)


def _read(raw: ReceivedMessage, subscription: str) -> Pulled:
    message = raw.message
    # Without a dead-letter policy Google does not count.
    receives = raw.delivery_attempt or 1
    if len(message.data) > MOST_BYTES:
        return Pulled(raw.ack_id, receives, None, f"The data has more than {MOST_BYTES} bytes.")
    at = message.publish_time
    sent_at = at.replace(microsecond=at.microsecond // 1000 * 1000)
    taken = message_of(message.message_id, message.data, dict(message.attributes), sent_at, subscription)
    return Pulled(raw.ack_id, receives, taken)


@asynccontextmanager
async def open_queue(credentials: GcpCredentials, reach: Reach, endpoint: Endpoint) -> AsyncIterator[PubsubQueue]:
    """The subscription of the endpoint's settings.

    Raises Invalid for one that is not of a connected project, and for a key or address that may not be used.
    """
    settings: PubsubPullSettings = endpoint.settings
    if project_of(settings.subscription) not in endpoint.accounts:
        raise Invalid("The subscription is of a project that is not connected.", path=("subscription",))
    transport = await _transport(credentials, reach.allow_private_endpoint)
    try:
        yield PubsubQueue(SubscriberAsyncClient(transport=transport), reach.guard(translate), settings.subscription)
    finally:
        await transport.close()  # type: ignore[no-untyped-call]  # the library has no types


async def _transport(credentials: GcpCredentials, allow_private: bool) -> SubscriberGrpcAsyncIOTransport:
    if credentials.endpoint_url is not None:
        return _stand_in(credentials.endpoint_url, allow_private)
    key = await asyncio.to_thread(_key, credentials)
    return SubscriberGrpcAsyncIOTransport(credentials=key, scopes=SCOPES, always_use_jwt_access=True)


def _stand_in(url: str, allow_private: bool) -> SubscriberGrpcAsyncIOTransport:
    """Of gRPC nobody sees which address a name has led to, so nothing but a stand-in may take Google's place."""
    if not allow_private:
        raise Invalid("Pub/Sub is pulled from Google's own address only.", path=("endpoint_url",))
    check_secure(url, allow_private)
    address, is_plain = urlsplit(url).netloc, url.startswith("http:")
    channel = aio.insecure_channel(address) if is_plain else aio.secure_channel(address, ssl_channel_credentials())
    return SubscriberGrpcAsyncIOTransport(channel=channel)


def _key(credentials: GcpCredentials) -> service_account.Credentials:
    """Signs its tokens itself; the address for tokens in the file is never asked, and replaced all the same."""
    access.parse_key(credentials.service_account_key)
    info = orjson.loads(credentials.service_account_key.get_secret_value())
    ours = {**info, "token_uri": access.AUDIENCE}
    found: service_account.Credentials = service_account.Credentials.from_service_account_info(ours)  # type: ignore[no-untyped-call]  # google-auth has no types
    return found


def translate(error: Exception, service: str, operation: str) -> ProviderError | None:
    """What Google's refusals mean for the customer, for the guard."""
    if isinstance(error, ProviderError):
        return error
    if not isinstance(error, exceptions.GoogleAPICallError):
        return None
    if isinstance(error, exceptions.PermissionDenied):
        message = f"Google Cloud does not allow {operation}: the permission {CONSUME} is missing."
        return PermissionMissing(message, service=service, permission=CONSUME)
    if isinstance(error, exceptions.Unauthenticated):
        return CredentialsRejected("Google Cloud rejects the key of the service account.", service=service)
    if isinstance(error, exceptions.TooManyRequests):
        return Throttled(f"Google Cloud asks for fewer calls of {operation}.", service=service)
    if isinstance(error, exceptions.ServerError):
        return Unavailable(f"Google Cloud failed at {operation} ({_code(error)}).", service=service)
    return ProviderError(f"Google Cloud refuses {operation} ({_code(error)}): {_line(error)}", service=service)


def _code(error: exceptions.GoogleAPICallError) -> Any:
    return error.grpc_status_code.name if error.grpc_status_code is not None else error.code


def _line(error: exceptions.GoogleAPICallError) -> str:
    return " ".join(str(error.message).split())[:200].rstrip(".") + "."
