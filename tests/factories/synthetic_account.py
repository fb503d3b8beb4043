"""Accounts of the synthetic vendor, and syncs of them without a queue."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest
from arq import Retry

import documents
from app.wiring import Backend
from app.worker import options
from documents import AccountState
from documents.account import sealed
from documents.sync_run import open_run
from documents.transaction import Transaction
from domain.facts.provider import Provider
from domain.rules.registry import get_rule
from jobs.context import JobContext
from jobs.tasks.sync_account import sync_account
from tests.factories.aws import instance, loose_volume, permission, security_group, volume
from tests.factories.few_rules import RULES
from tests.factories.tenant import Tenant, make_tenant
from tests.fakes.synthetic import REGISTRATION, Synthetic, item_of, serving

OPEN_TO_ALL = permission("tcp", 22, 22, "0.0.0.0/0")
CLOSED = permission("tcp", 443, 443, "10.0.0.0/8")


def register(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the synthetic vendor known, in the place of another, and judge by few rules, whatever others there are."""
    monkeypatch.setattr("connectors.registry.registrations", lambda: {Provider.DIGITALOCEAN: REGISTRATION})
    monkeypatch.setattr("jobs.judging.all_rules", lambda: tuple(get_rule(rule_id) for rule_id in RULES))


def context_of(backend: Backend, **changed: Any) -> JobContext:
    made: JobContext = options(backend)["ctx"]["context"]
    return replace(made, **changed)


# Long before any clock a test may run under.
LONG = 3000
EVERYBODY = {"Grantee": {"URI": "http://acs.amazonaws.com/groups/global/AllUsers"}, "Permission": "READ"}
# What the rules find in the lists below: rule, native id.
FOUND = {
    ("aws-ebs-unattached", "vol-1"),
    ("aws-ebs-volume-on-stopped-instance", "vol-0"),
    ("aws-ec2-stopped-long", "i-1"),
    ("aws-s3-bucket-public", "b-1"),
    ("aws-sg-admin-open", "sg-open"),
}
EVERYTHING = 7


def lists() -> dict[str, list[dict[str, Any]]]:
    """A volume of a stopped instance and a loose one, that instance, a group open to all and one in another region
    that is not, and two buckets.
    """
    open_group = security_group(OPEN_TO_ALL, native_id="sg-open")
    closed_group = security_group(CLOSED, native_id="sg-closed").model_copy(update={"region": "eu-west-1"})
    settings: dict[str, Any] = {"PublicAccessBlockConfiguration": None, "PolicyStatus": None}
    buckets = [{"id": name, "name": name, "region": None, "tags": {}, "config": settings} for name in ("b-1", "b-2")]
    return {
        "volumes": [item_of(volume("vol-0", age=LONG)), item_of(loose_volume("vol-1", age=LONG))],
        "instances": [item_of(instance("i-1", stopped=LONG))],
        "groups": [item_of(open_group), item_of(closed_group)],
        "buckets": buckets,
        "bills": [{"total": 7}],
    }


@asynccontextmanager
async def a_vendor(**fields: Any) -> AsyncIterator[Synthetic]:
    """A running vendor with the lists above, unless others are given."""
    async with serving(Synthetic(**{"lists": lists(), "grants": {"b-1": [EVERYBODY]}, **fields})) as vendor:
        yield vendor


async def connect(
    backend: Backend, vendor: Synthetic, tenant: Tenant | None = None, **fields: Any
) -> documents.Account:
    """An account with the vendor, in a tenant of its own unless one is given."""
    owner = tenant or await make_tenant(backend)
    cipher = await backend.vault.seal(owner.org_id, orjson.dumps(vendor.credentials().revealed()).decode())
    account = documents.Account(
        org_id=owner.organization.id,
        provider=Provider.DIGITALOCEAN,
        name="Synthetic",
        state=AccountState.CONNECTING,
        credentials=sealed(cipher),
        **fields,
    )
    await account.insert()
    return account


async def open_sync(backend: Backend, account: documents.Account) -> documents.SyncRun:
    """A run that waits for a worker."""

    async def change(tx: Transaction) -> documents.SyncRun:
        run, _ = await open_run(account, tx.session)
        return run

    return await backend.writer.commit(change)


async def work_on(backend: Backend, run: documents.SyncRun, **changed: Any) -> str:
    """What a worker does with the run, once. Raises Retry as a job does."""
    ctx = {"context": context_of(backend, **changed), "job_id": f"sync_account:{run.id}"}
    return await sync_account(ctx, org_id=str(run.org_id), run_id=str(run.id))


async def sync(backend: Backend, account: documents.Account, **changed: Any) -> documents.SyncRun:
    """One whole sync, with as many attempts as it asks for, one right after the other."""
    stored = await documents.Account.rows().find_one({"_id": account.id})
    assert stored is not None
    run = await open_sync(backend, documents.Account.stored(stored))
    async with asyncio.timeout(60):
        while True:
            try:
                await work_on(backend, run, **changed)
            except Retry:
                continue
            return await again(run)


async def again(run: documents.SyncRun) -> documents.SyncRun:
    """The run as it is stored now."""
    raw = await documents.SyncRun.rows().find_one({"_id": run.id})
    assert raw is not None
    return documents.SyncRun.stored(raw)


async def until_begun(run: documents.SyncRun) -> None:
    """Wait until the worker that was asked for is on it. Raises TimeoutError after twenty seconds."""
    async with asyncio.timeout(20):
        while (await again(run)).started_at is None:  # noqa: ASYNC110 - another task makes it so
            await asyncio.sleep(0.01)


async def rows_of(document: type[documents.TenantDocument], account: documents.Account, **where: Any) -> list[Any]:
    """The stored rows of an account, by kind and native id where they have these."""
    raws = await document.rows().find({"org_id": account.org_id, "account_id": account.id, **where}).to_list()
    return [document.Row(raw) for raw in raws]


def later(context: JobContext, by: timedelta) -> Any:
    """A clock that is ahead."""
    return lambda: context.now() + by


async def open_findings(account: documents.Account) -> set[tuple[str, str]]:
    """(rule, native id) of the findings that are open."""
    return {(one.rule_id, one.resource_native_id) for one in await rows_of(documents.Finding, account, state="OPEN")}
