"""Event endpoints with a connected account behind them."""

import secrets
from datetime import timedelta
from typing import Any

import httpx2
from bson import ObjectId

import documents
from app.wiring import Backend
from connectors.intake.receiver import Incoming
from documents import AccountState
from documents.account import sealed
from documents.base import utc_now
from domain.facts.intake import IntakeWay
from tests.factories.tenant import Tenant
from tests.fakes.genuine import SECRET


async def make_account(tenant: Tenant, way: IntakeWay, native_id: str | None = None) -> documents.Account:
    """A connected account of the way's provider, whose sync is not due."""
    account = documents.Account(
        org_id=tenant.organization.id,
        provider=way.provider,
        native_id=native_id or secrets.token_hex(6),
        name="watched",
        state=AccountState.CONNECTED,
        next_sync_at=utc_now() + timedelta(days=365),
    )
    await account.insert()
    return account


async def make_endpoint(
    backend: Backend,
    tenant: Tenant,
    way: IntakeWay,
    *,
    settings: dict[str, Any] | None = None,
    secret: str | None = SECRET,
    native_id: str | None = None,
    **fields: Any,
) -> documents.IntakeEndpoint:
    """An endpoint of an account of its own."""
    account = await make_account(tenant, way, native_id)
    cipher = None if secret is None else sealed(await backend.vault.seal(tenant.org_id, secret))
    endpoint = documents.IntakeEndpoint(
        org_id=tenant.organization.id,
        account_id=account.id,
        way=way,
        settings=settings or {},
        secret=cipher,
        **fields,
    )
    await endpoint.insert()
    return endpoint


async def send(http: httpx2.AsyncClient, path: str, incoming: Incoming, **headers: str) -> httpx2.Response:
    """Send a request to an endpoint as its provider does."""
    kept = {name: value for name, value in incoming.headers.items() if name != "host"}
    return await http.request(
        incoming.method, path, content=incoming.body or None, headers={**kept, **headers}, params=incoming.query
    )


def path_of(endpoint: documents.IntakeEndpoint) -> str:
    """The path of its address."""
    address = endpoint.way.address("", endpoint.id)
    assert address is not None
    return address


async def stored_events(endpoint_id: ObjectId | None) -> list[documents.ReceivedEvent]:
    """What an endpoint has received, oldest first."""
    rows = documents.ReceivedEvent.rows().find({"endpoint_id": endpoint_id}).sort("_id")
    return [documents.ReceivedEvent.stored(raw) async for raw in rows]
