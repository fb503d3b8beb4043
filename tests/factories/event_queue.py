"""Accounts with credentials for stand-ins, and endpoints that fetch events from their queues."""

from datetime import timedelta
from typing import Any

import orjson

import documents
from app.wiring import Backend
from documents import AccountState
from documents.account import sealed
from documents.base import utc_now
from documents.intake_endpoint import IntakeEndpoint
from domain.facts.aws_credentials import AwsCredentials
from domain.facts.credentials import GcpCredentials
from domain.facts.intake import IntakeWay
from tests.factories.tenant import Tenant


async def make_queue(
    backend: Backend,
    tenant: Tenant,
    way: IntakeWay,
    credentials: AwsCredentials | GcpCredentials,
    native_id: str,
    **settings: Any,
) -> IntakeEndpoint:
    """An endpoint of this way, with an account of its own that these credentials open."""
    cipher = await backend.vault.seal(tenant.org_id, orjson.dumps(credentials.revealed()).decode())
    account = documents.Account(
        org_id=tenant.organization.id,
        provider=way.provider,
        native_id=native_id,
        name="Production",
        state=AccountState.CONNECTED,
        credentials=sealed(cipher),
        next_sync_at=utc_now() + timedelta(days=365),
    )
    await account.insert()
    endpoint = IntakeEndpoint(org_id=tenant.organization.id, account_id=account.id, way=way, settings=settings)
    await endpoint.insert()
    return endpoint
