"""Ways into the account of a remediation: one to read by, and another, with credentials of its own, to act by."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import orjson

from connectors import registry
from connectors.acting import Actor
from connectors.limits import Limit, limit_of
from connectors.reading.listing import Place
from connectors.reading.source import Reach, Registration, Source
from documents.account import Account
from domain.errors import Invalid
from domain.facts.provider import Provider
from jobs.context import JobContext

# A call that changes something is never sent twice by the guard: what it does twice is for the step to say. It ends
# long before another worker may think that this one is dead.
CALL_TIME = timedelta(seconds=40)


class MayNotAct(Exception):
    """The account has no credentials to act with."""


async def registration_of(provider: Provider) -> Registration:
    """Raises Invalid for a vendor without a connector."""
    known = await asyncio.to_thread(registry.registrations)
    if provider not in known:
        raise Invalid(f"CloudWatcher has no connector for {provider.value}.")
    return known[provider]


@asynccontextmanager
async def reading(context: JobContext, account: Account) -> AsyncIterator[tuple[Registration, Source]]:
    """The way in that syncs take. Raises ProviderError, and what the vault raises."""
    async with _entered(context, account, account.credentials, None) as found:
        yield found


@asynccontextmanager
async def acting(context: JobContext, account: Account) -> AsyncIterator[tuple[Actor, Source, Registration]]:
    """The way in by which things are changed. Raises MayNotAct, ProviderError, and what the vault raises."""
    if account.act_credentials is None:
        raise MayNotAct
    limit = replace(limit_of(account.provider, "*"), attempts=1, timeout=CALL_TIME, within=CALL_TIME)
    async with _entered(context, account, account.act_credentials, limit) as (registration, source):
        identity = await source.identity()
        place = Place(account_id=identity.native_id, region=None, now=context.now())
        if account.native_id is not None and identity.native_id != account.native_id:
            raise MayNotAct
        yield Actor(source, registration.action, place), source, registration


@asynccontextmanager
async def _entered(
    context: JobContext, account: Account, sealed: bytes | None, limit: Limit | None
) -> AsyncIterator[tuple[Registration, Source]]:
    registration = await registration_of(account.provider)
    secret = await context.vault.open(sealed or b"")
    credentials = registration.credentials.model_validate(orjson.loads(secret))
    guard = context.guards.of(account.provider, str(account.id), limit=limit)
    reach = Reach(guard=guard, allow_private_endpoint=context.allow_private_endpoints, now=context.now)
    async with registration.open(credentials, reach) as source:
        yield registration, source
