"""One call of an event endpoint: which it leads to, and what its way knows of it."""

from dataclasses import dataclass
from datetime import datetime

from bson import ObjectId
from pydantic import SecretStr
from starlette.requests import Request

from app.intake.known_accounts import KnownAccounts
from connectors.intake.receiver import Endpoint, Incoming, Receiver, Refusal, Surroundings, Taken
from connectors.intake.registry import receivers
from documents.intake_endpoint import IntakeEndpoint, find_endpoint
from documents.vault import Vault
from domain.facts.intake_settings import SETTINGS_OF


@dataclass(frozen=True, slots=True)
class Called:
    """An endpoint that is there and takes events, and its way."""

    id: ObjectId
    endpoint: IntakeEndpoint
    receiver: Receiver


async def called(provider: str, endpoint_id: str) -> Called:
    """The endpoint of a path. Raises Refusal: an unknown, a paused, a pulled and another provider's look alike."""
    found = await find_endpoint(endpoint_id)
    receiver = None if found is None else receivers().get(found.way)
    if found is None or found.id is None or receiver is None or found.is_paused:
        raise Refusal(404, "there is no such endpoint")
    if provider != found.way.provider.value.lower():
        raise Refusal(404, "the endpoint is another provider's")
    return Called(found.id, found, receiver)


def incoming_of(request: Request, body: bytes, public_url: str) -> Incoming:
    """The request as ways read it. A header that is sent twice is both, so that it equals neither."""
    headers: dict[str, str] = {}
    for name, value in request.headers.items():
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return Incoming(
        method=request.method,
        url=f"{public_url.rstrip('/')}{request.url.path}",
        headers=headers,
        query=dict(request.query_params),
        body=body,
    )


class Proving:
    """Hands requests to their way with what it needs to know."""

    def __init__(self, vault: Vault, accounts: KnownAccounts) -> None:
        self._vault = vault
        self._accounts = accounts

    async def proven(self, call: Called, incoming: Incoming, around: Surroundings) -> Taken:
        """What the way takes. Raises Refusal, VaultUnavailable, SecretLost, and ProviderError when keys cannot be had.

        A request that the secret does not prove is tried with the one before it, for as long as that is taken too.
        """
        endpoint = call.endpoint
        settings = SETTINGS_OF[endpoint.way].model_validate(endpoint.settings)
        accounts = await self._accounts.of(endpoint.org_id, endpoint.way.provider)

        async def receive(sealed: bytes | None) -> Taken:
            secret = None if sealed is None else SecretStr(await self._vault.open(sealed))
            known = Endpoint(id=str(call.id), way=endpoint.way, settings=settings, secret=secret, accounts=accounts)
            return await call.receiver.receive(incoming, known, around)

        try:
            return await receive(endpoint.secret)
        except Refusal:
            if not _has_previous(endpoint, around.now):
                raise
        return await receive(endpoint.previous_secret)


def _has_previous(endpoint: IntakeEndpoint, now: datetime) -> bool:
    until = endpoint.previous_until
    return endpoint.previous_secret is not None and until is not None and now < until
