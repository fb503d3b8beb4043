"""The counters of what is open equal a count of the rows, whatever happened, in whatever order and at once."""

import asyncio
import random
from collections import Counter
from contextlib import suppress
from decimal import Decimal

import pytest
from bson import ObjectId

import documents
from app.wiring import Backend, migrate
from documents.alert import AlertSource, AlertState, Cause, raise_alert, resolve_alerts
from documents.alert_change import acknowledge_alert
from documents.base import utc_now
from documents.event import EventCounter, log_ends
from documents.finding import known_findings, record_findings
from documents.tally import Tally, recount, recount_all, tally_in
from documents.transaction import Transaction
from domain.errors import Conflict
from domain.facts import topic
from domain.facts.money import Money
from domain.facts.provider import Provider
from domain.facts.resource import Resource
from domain.facts.scope import Scope
from domain.facts.severity import Severity
from domain.findings import compare
from domain.rules.judgement import judge_inventory
from domain.rules.registry import all_rules, get_rule
from domain.rules.rule import Observation, Rule, RuleContext
from tests.factories.aws import NOW, bucket, loose_volume, snapshot, volume
from tests.factories.holdings import make_holdings
from tests.factories.tenant import Tenant, make_tenant


@pytest.fixture
async def tenant(backend: Backend) -> Tenant:
    return await make_tenant(backend)


async def counted(*tenants: Tenant) -> Tally:
    """What the rows themselves say, read one by one."""
    alerts: Counter[Severity] = Counter()
    findings: Counter[Severity] = Counter()
    highest: dict[tuple[ObjectId, str], Decimal] = {}
    for tenant in tenants:
        for alert in await documents.Alert.list_in(tenant.scope, {"state": "OPEN"}):
            alerts[alert.severity] += 1
        for finding in await documents.Finding.list_in(tenant.scope, {"state": "OPEN"}):
            findings[finding.severity] += 1
            if finding.category == "FINOPS" and finding.saving_amount is not None:
                place = finding.resource_id, finding.saving_currency or ""
                highest[place] = max(highest.get(place, Decimal(0)), finding.saving_amount)
    saving: dict[str, Decimal] = {}
    for (_, currency), amount in highest.items():
        saving[currency] = saving.get(currency, Decimal(0)) + amount
    return Tally(dict(findings), dict(alerts), saving)


def two_savings() -> tuple[Rule, ...]:
    """The rules, and one more that saves something of every loose volume."""
    of_volumes = get_rule("aws-ebs-unattached")

    def saves(resource: Resource, context: RuleContext) -> Observation | None:
        found = of_volumes.check(resource, context)
        saving = Money(amount=Decimal(7), currency="USD")
        return found and found.model_copy(update={"estimated_monthly_saving": saving})

    return *all_rules(), of_volumes.model_copy(update={"id": "aws-test-second-saving", "check": saves})


def filled(tally: Tally) -> Tally:
    """Without the places where nothing is left."""
    kinds = (tally.open_findings, tally.open_alerts, tally.saving)
    return Tally(*({name: count for name, count in kind.items() if count} for kind in kinds))  # type: ignore[arg-type]  # mappings, as Tally has them


def cause(name: str, severity: Severity) -> Cause:
    return Cause(fingerprint=name, source=AlertSource.SYNC, severity=severity, title=name, message="m")


async def change_alert(backend: Backend, tenant: Tenant, dice: random.Random) -> None:
    """Raise, acknowledge or resolve one of five alerts, as may be."""
    name = f"cause-{dice.randrange(5)}"
    severity = dice.choice(list(Severity))
    verb = dice.choice(["raise", "acknowledge", "resolve"])

    async def change(tx: Transaction) -> None:
        if verb == "raise":
            await raise_alert(tx, tenant.organization.id, cause(name, severity), utc_now())
        elif verb == "resolve":
            await resolve_alerts(tx, tenant.organization.id, [name, "cause-0"], utc_now())
        elif (
            found := await documents.Alert.find_in(tenant.scope, {"fingerprint": name}, session=tx.session)
        ) is not None:
            await acknowledge_alert(tx, tenant.scope, str(found.id), at=utc_now(), expected_version=None)

    with suppress(Conflict):  # it was not open
        await backend.writer.commit(change)


async def sync(backend: Backend, tenant: Tenant, account: documents.Account, dice: random.Random) -> None:
    """Record what a sync would find among three volumes of changing size and a bucket."""
    volumes = [
        dice.choice([volume, loose_volume])(f"vol-{number}", Size=dice.randrange(1, 900))
        for number in range(3)
        if dice.random() < 0.8
    ]
    everyone = {"Grantee": {"URI": "http://acs.amazonaws.com/groups/global/AllUsers"}, "Permission": "READ"}
    read = snapshot(*volumes, bucket(Grants=[everyone] if dice.random() < 0.5 else []))
    judged = judge_inventory(two_savings(), read, RuleContext(now=NOW))
    ids = {(one.kind, one.native_id): ObjectId() for one in read.resources}
    at = utc_now()

    async def change(tx: Transaction) -> None:
        changes = compare(str(account.id), await known_findings(account, tx.session), judged)
        await record_findings(account, changes, ids, at, tx)
        tx.announce(tenant.organization.id, topic.syncs(tenant.org_id), "SyncProgressed", {})

    await backend.writer.commit(change)


async def connected(tenant: Tenant, native_id: str) -> documents.Account:
    return await documents.Account(
        org_id=tenant.organization.id,
        provider=Provider.AWS,
        native_id=f"tally-{native_id}",
        name=native_id,
        state=documents.AccountState.CONNECTED,
    ).add()


@pytest.mark.parametrize("seed", range(6))
async def test_the_tally_equals_a_count_after_every_change(backend: Backend, tenant: Tenant, seed: int) -> None:
    dice = random.Random(seed)
    accounts = [await connected(tenant, f"{number}") for number in range(2)]
    seen = set()
    for _ in range(30):
        if dice.random() < 0.7:
            await change_alert(backend, tenant, dice)
        else:
            await sync(backend, tenant, dice.choice(accounts), dice)

        tally = filled(await tally_in(tenant.scope))

        assert tally == await counted(tenant)
        seen |= {bool(tally.open_alerts), bool(tally.open_findings), bool(tally.saving)}
    assert seen == {True, False}


async def test_the_tally_equals_a_count_after_changes_at_once_and_recounts_between_them(
    backend: Backend, tenant: Tenant
) -> None:
    account = await connected(tenant, "1")
    dice = random.Random(11)

    async def recounted() -> None:
        await EventCounter.get_pymongo_collection().update_one(
            {"_id": tenant.organization.id}, {"$set": {"is_tallied": False, "tally": {"open_alerts": {"LOW": 900}}}}
        )
        await recount(ObjectId(tenant.org_id))

    for _ in range(4):
        changes = [change_alert(backend, tenant, dice) for _ in range(12)]
        await asyncio.gather(recounted(), *changes, sync(backend, tenant, account, dice), recounted())

        assert filled(await tally_in(tenant.scope)) == await counted(tenant)


async def test_what_was_stored_before_there_were_tallies_is_counted_when_asked_for(
    backend: Backend, tenant: Tenant
) -> None:
    await make_holdings(tenant)  # stores a HIGH finding and a HIGH alert without telling the tally
    counters = EventCounter.get_pymongo_collection()
    await counters.update_one({"_id": tenant.organization.id}, {"$unset": {"is_tallied": 1, "tally": 1}})
    await backend.writer.commit(lambda tx: raise_alert(tx, tenant.organization.id, cause("x", Severity.LOW), utc_now()))

    tally = await tally_in(tenant.scope)

    assert tally == Tally({Severity.HIGH: 1}, {Severity.HIGH: 1, Severity.LOW: 1}, {})


async def test_the_migration_counts_what_was_never_counted_and_nothing_twice(backend: Backend, tenant: Tenant) -> None:
    await make_holdings(tenant)
    counters = EventCounter.get_pymongo_collection()
    await counters.update_one({"_id": tenant.organization.id}, {"$unset": {"is_tallied": 1, "tally": 1}})
    without_log = await make_tenant(backend)
    await counters.delete_one({"_id": without_log.organization.id})

    made = await migrate(backend)

    assert any(line.startswith("made tallies: ") for line in made)
    raw = await counters.find_one({"_id": tenant.organization.id})
    assert raw is not None
    assert raw["tally"]["open_alerts"] == {"HIGH": 1}
    assert await tally_in(without_log.scope) == Tally({}, {}, {})
    assert await recount_all() == 0


async def test_tallies_of_several_organizations_are_added_up_and_a_strangers_is_not(
    backend: Backend, tenant: Tenant
) -> None:
    other, stranger = await make_tenant(backend), await make_tenant(backend)
    for owner in (tenant, other, stranger):
        account = await connected(owner, "1")
        await sync(backend, owner, account, random.Random(3))
        await change_alert(backend, owner, random.Random(1))
    ids = frozenset({tenant.org_id, other.org_id})

    both = await tally_in(Scope(org_ids=ids, visible=ids, actor="test"))

    assert filled(both) == await counted(tenant, other)
    assert both.open_findings


async def test_a_tally_does_not_change_without_an_event(backend: Backend, tenant: Tenant) -> None:
    async def change(tx: Transaction) -> None:
        tx.count(tenant.organization.id, {"open_alerts.HIGH": 1})

    with pytest.raises(RuntimeError, match="nothing is announced"):
        await backend.writer.commit(change)

    assert await tally_in(tenant.scope) == Tally({}, {}, {})


async def test_a_change_that_fails_counts_nothing(backend: Backend, tenant: Tenant) -> None:
    async def change(tx: Transaction) -> None:
        await raise_alert(tx, tenant.organization.id, cause("a", Severity.HIGH), utc_now())
        raise Conflict("no")

    with pytest.raises(Conflict):
        await backend.writer.commit(change)

    assert filled(await tally_in(tenant.scope)) == Tally({}, {}, {})


async def test_every_change_moves_the_end_of_the_log(backend: Backend, tenant: Tenant) -> None:
    before = await log_ends(tenant.scope)

    await backend.writer.commit(
        lambda tx: raise_alert(tx, tenant.organization.id, cause("a", Severity.HIGH), utc_now())
    )

    ((org_id, epoch, last),) = before
    assert org_id == tenant.org_id
    assert await log_ends(tenant.scope) == [(org_id, epoch, last + 1)]
    (alert,) = await documents.Alert.list_in(tenant.scope, {})
    assert alert.state is AlertState.OPEN
