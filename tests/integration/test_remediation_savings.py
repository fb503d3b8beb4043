"""What remediations save, counted from bills with a known truth and told in groups."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from beanie import PydanticObjectId

import documents
from app.wiring import Backend
from documents.remediation_saving import note_regressions
from documents.transaction import Transaction
from domain.facts.finding import FindingCategory, FindingState, Risk
from domain.facts.money import Money
from domain.facts.provider import Provider
from domain.facts.remediation import RemediationState
from domain.facts.resource import ResourceKind
from domain.facts.severity import Severity
from jobs.tasks.count_savings import count_savings
from schema.node import global_id
from tests.factories.costs import load
from tests.factories.focus import focus_row, write_csv
from tests.factories.graph import Graph
from tests.factories.remediations import plan_of
from tests.factories.synthetic_account import context_of
from tests.factories.tenant import Tenant, make_tenant

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
FIRST = date(2026, 10, 1)
# The newest day of the bill, which is not complete.
NEWEST = date(2026, 11, 20)
CHANGED = date(2026, 10, 20)
OURS = "200000000002"
VOLUME = "vol-0123456789abcdef0"
ARN = f"arn:aws:ec2:eu-central-1:{OURS}:volume/{VOLUME}"
SAVINGS = """query($input: RemediationSavingsInput!) { remediationSavings(input: $input) {
    groupCount total { ...Sums } groups { key title ...Sums }
} }
fragment Sums on RemediationSavingGroup {
    estimatedMonthlySavings { amount currency } realisedMonthlySavings { amount currency }
    monthlySavings { amount currency } doneCount knownCount waitingCount regressedCount rolledBackCount
}"""
SHOWN = """{ remediations { nodes { id realisedState realisedConfidence realisedAt regressedAt version
    realisedMonthlySaving { amount currency } } } }"""


@dataclass(frozen=True)
class House:
    backend: Backend
    graph: Graph
    tenant: Tenant
    account: documents.Account
    path: Path

    async def mended(
        self, native_id: str, saving: str, on: date = CHANGED, *, rule_id: str = "aws-ebs-gp2-to-gp3", **fields: Any
    ) -> documents.Remediation:
        """A remediation that was done on that day, of a resource with a tag of its team."""
        resource = await self._resource(native_id)
        began = datetime(on.year, on.month, on.day, 10, tzinfo=UTC)
        finding = await self._finding(resource, rule_id)
        plan = plan_of(native_id).model_copy(
            update={
                "saving": Money(amount=Decimal(saving), currency="USD"),
                "observed": {"config": {}, "tags": {"Team": f"team of {native_id[:5]}", "other": "x"}},
            }
        )
        made = documents.Remediation(
            org_id=self.tenant.organization.id,
            account_id=self.account.id,
            finding_id=finding.id,
            resource_id=resource.id,
            resource_native_id=native_id,
            resource_name=native_id,
            rule_id=rule_id,
            category=FindingCategory.FINOPS,
            risk=Risk.LOW,
            plan=plan.model_dump(mode="json"),
            plan_hash=plan.hash,
            **{
                "state": RemediationState.DONE,
                "is_open": None,
                "started_at": began,
                "ended_at": began + timedelta(minutes=2),
                **fields,
            },
        )
        await made.insert()
        return made

    async def _resource(self, native_id: str) -> documents.Resource:
        found = await documents.Resource.find_in(self.tenant.scope, {"native_id": native_id})
        if found is None:
            found = documents.Resource(
                org_id=self.tenant.organization.id,
                account_id=self.account.id,
                kind=ResourceKind.AWS_EBS_VOLUME,
                native_id=native_id,
                name=native_id,
                tags={},
                config={},
                first_seen_at=NOW,
            )
            await found.insert()
        return found

    async def _finding(self, resource: documents.Resource, rule_id: str) -> documents.Finding:
        finding = documents.Finding(
            org_id=resource.org_id,
            account_id=resource.account_id,
            resource_id=resource.id,
            resource_native_id=f"{resource.native_id}{PydanticObjectId()}",
            rule_id=rule_id,
            category=FindingCategory.FINOPS,
            severity=Severity.LOW,
            severity_rank=Severity.LOW.rank,
            title="A volume",
            reason="It costs too much.",
            observed={},
            state=FindingState.RESOLVED,
            opened_at=datetime(2026, 9, 1, tzinfo=UTC),
            last_seen_at=datetime(2026, 9, 1, tzinfo=UTC),
        )
        await finding.insert()
        return finding

    async def billed(self, rows: Iterable[dict[str, str]], until: date = NEWEST) -> None:
        """Load these rows, and some of another resource on each day, as a bill up to that day has them."""
        others = [row("other", day, "7") for day in days(FIRST, until + timedelta(days=1))]
        report = await load(self.backend, self.tenant, write_csv(self.path / "bill.csv", [*others, *rows]))
        assert report

    async def count(self, at: datetime = NOW) -> int:
        return await count_savings({"context": context_of(self.backend, now=lambda: at)})

    async def opened(self, made: documents.Remediation, read_from: datetime, at: datetime) -> None:
        """A sync that began to read at `read_from` has seen the fault again."""

        async def change(tx: Transaction) -> None:
            await note_regressions(tx, made.org_id, [made.finding_id], read_from, at)

        await self.backend.writer.commit(change)

    async def shown(self) -> dict[str, dict[str, Any]]:
        nodes = (await self.graph.ask(SHOWN, self.tenant.token))["remediations"]["nodes"]
        return {node["id"]: node for node in nodes}

    async def savings(self, by: str, who: Tenant | None = None, **changes: Any) -> dict[str, Any]:
        input = {"first": "2026-09-01", "until": "2026-12-01", "groupBy": by, **changes}
        answer = await self.graph.ask(SAVINGS, (who or self.tenant).token, input=input)
        found: dict[str, Any] = answer["remediationSavings"]
        return found


def days(first: date, until: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((until - first).days)]


def row(resource_id: str, day: date, cost: str, **columns: str) -> dict[str, str]:
    month = day.replace(day=1)
    after = (month + timedelta(days=32)).replace(day=1)
    times = {
        "BillingPeriodStart": month,
        "BillingPeriodEnd": after,
        "ChargePeriodStart": day,
        "ChargePeriodEnd": day + timedelta(days=1),
    }
    printed = {name: f"{at.isoformat()}T00:00:00Z" for name, at in times.items()}
    return focus_row(ResourceId=resource_id, **{**printed, "EffectiveCost": cost, "BilledCost": cost, **columns})


def steps(resource_id: str, *parts: tuple[date, date, str]) -> list[dict[str, str]]:
    """Rows with the same cost on each day from the first to before the second date."""
    return [row(resource_id, day, cost) for first, until, cost in parts for day in days(first, until)]


def usd(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "USD"}


@pytest.fixture
async def house(backend: Backend, graph: Graph, tmp_path: Path) -> House:
    tenant = await make_tenant(backend)
    account = await documents.Account(
        org_id=tenant.organization.id,
        provider=Provider.AWS,
        native_id=OURS,
        name="ours",
        state=documents.AccountState.CONNECTED,
    ).add()
    return House(backend, graph, tenant, account, tmp_path)


async def test_saving_is_told_from_the_bill_by_id_and_by_arn_and_counted_again_changes_nothing(house: House) -> None:
    made = await house.mended(VOLUME, "50")
    # 3 by id and 1 by ARN became 1.50; what the day of the change cost and a monthly fee do not count.
    rows = steps(
        VOLUME, (FIRST, CHANGED, "3"), (CHANGED, date(2026, 10, 21), "80"), (date(2026, 10, 21), NEWEST, "1.5")
    )
    rows += steps(ARN, (FIRST, CHANGED, "1"))
    rows += [row(VOLUME, CHANGED - timedelta(days=2), "300", ChargePeriodEnd="2026-11-18T00:00:00Z")]
    await house.billed(rows)

    await house.count()
    first = (await house.shown())[global_id("Remediation", made.id)]
    again = await house.count(NOW + timedelta(hours=1))
    second = (await house.shown())[global_id("Remediation", made.id)]

    # 2.50 * 30.4167 = 76.04175.
    assert first["realisedMonthlySaving"] == usd("76.04")
    assert first["realisedState"] == "KNOWN"
    assert Decimal(first["realisedConfidence"]) == Decimal(1)
    assert (again, second) == (0, first)


async def test_it_waits_until_the_bill_is_whole_and_changes_with_a_corrected_bill(house: House) -> None:
    made = await house.mended(VOLUME, "50")
    id = global_id("Remediation", made.id)
    # The last of the fourteen days is the 3rd; it is complete once the 4th is billed.
    await house.billed(steps(VOLUME, (FIRST, CHANGED, "2")), until=date(2026, 11, 3))
    await house.count()
    waits = (await house.shown())[id]

    await house.billed(steps(VOLUME, (FIRST, CHANGED, "2")), until=date(2026, 11, 4))
    await house.count()
    known = (await house.shown())[id]
    await house.billed(steps(VOLUME, (FIRST, CHANGED, "4")), until=date(2026, 11, 4))
    await house.count()
    corrected = (await house.shown())[id]

    assert (waits["realisedState"], waits["realisedMonthlySaving"]) == ("WAITING", None)
    assert known["realisedMonthlySaving"] == usd("60.83")
    assert corrected["realisedMonthlySaving"] == usd("121.67")


async def test_without_a_bill_it_waits_and_then_gives_up(house: House) -> None:
    made = await house.mended(VOLUME, "50")
    id = global_id("Remediation", made.id)

    await house.count()
    waits = (await house.shown())[id]
    await house.count(NOW + timedelta(days=20))
    gave_up = (await house.shown())[id]

    assert (waits["realisedState"], gave_up["realisedState"]) == ("WAITING", "UNKNOWN")


async def test_a_disconnected_account_and_a_bill_too_large_to_read_tell_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await house.mended(VOLUME, "50")
    id = global_id("Remediation", made.id)
    await house.billed(steps(VOLUME, (FIRST, CHANGED, "2")))
    monkeypatch.setattr("documents.resource_days.MOST_ROWS", 10)
    await house.count()
    too_large = (await house.shown())[id]
    monkeypatch.undo()
    await documents.Account.rows().delete_one({"_id": house.account.id})

    await house.count()

    assert too_large["realisedState"] is None
    assert (await house.shown())[id]["realisedState"] == "WAITING"


async def test_what_was_done_long_ago_is_counted_no_more(house: House) -> None:
    long_ago = await house.mended("vol-2", "50", date(2026, 9, 20))
    # The second is recent, and so close to the first that they share one saving.
    chained = [await house.mended(VOLUME, "50", on) for on in (date(2026, 9, 20), date(2026, 10, 3))]
    await house.billed([])

    await house.count()

    shown = await house.shown()
    assert shown[global_id("Remediation", long_ago.id)]["realisedState"] is None
    assert {shown[global_id("Remediation", one.id)]["realisedState"] for one in chained} == {"UNKNOWN"}


async def test_groups_and_totals_put_what_was_realised_in_the_place_of_the_estimate(house: House) -> None:
    later = date(2026, 10, 25)
    await house.mended(VOLUME, "100")
    await house.mended(VOLUME, "200", later, rule_id="aws-ebs-unattached")
    await house.mended("never-billed", "5", date(2026, 11, 1))
    await house.mended("too-young", "11", date(2026, 11, 15))
    await house.mended("taken-back", "40", state=RemediationState.ROLLED_BACK, ended_at=NOW - timedelta(days=20))
    rows = steps(VOLUME, (FIRST, CHANGED, "10"), (CHANGED, later, "6"), (later, NEWEST, "3"))
    rows += steps("too-young", (FIRST, NEWEST, "1")) + steps("taken-back", (FIRST, NEWEST, "1"))
    await house.billed(rows)
    await house.count()

    by_rule, by_month = await house.savings("RULE"), await house.savings("MONTH")
    by_team, by_account = await house.savings("TEAM"), await house.savings("ACCOUNT")

    # 7 a day are 212.92 a month, a third of it and two thirds; the others still count as expected.
    of_rule = {group["key"]: group for group in by_rule["groups"]}
    assert list(of_rule) == ["aws-ebs-unattached", "aws-ebs-gp2-to-gp3"]
    assert of_rule["aws-ebs-unattached"]["realisedMonthlySavings"] == [usd("141.95")]
    assert of_rule["aws-ebs-gp2-to-gp3"]["realisedMonthlySavings"] == [usd("70.97")]
    assert of_rule["aws-ebs-gp2-to-gp3"]["monthlySavings"] == [usd("86.97")]
    total = by_rule["total"]
    assert (total["estimatedMonthlySavings"], total["realisedMonthlySavings"]) == ([usd("316")], [usd("212.92")])
    assert total["monthlySavings"] == [usd("228.92")]
    assert [total[f"{name}Count"] for name in ("done", "known", "waiting", "regressed", "rolledBack")] == [
        4,
        2,
        1,
        0,
        1,
    ]
    assert by_month["total"] == by_team["total"] == by_account["total"] == total
    assert [(group["key"], group["doneCount"]) for group in by_month["groups"]] == [("2026-10", 2), ("2026-11", 2)]
    assert [group["key"] for group in by_team["groups"]] == [
        f"team of {one}" for one in ("vol-0", "too-y", "never", "taken")
    ]
    assert [(group["key"], group["title"]) for group in by_account["groups"]] == [
        (global_id("Account", house.account.id), "ours")
    ]


async def test_what_is_rolled_back_saves_nothing_from_then_on(house: House) -> None:
    made = await house.mended(VOLUME, "50")
    await house.billed(steps(VOLUME, (FIRST, CHANGED, "2")))
    await house.count()
    before = await house.savings("RULE")
    rolled_back = {"state": "ROLLED_BACK", "ended_at": NOW}
    await documents.Remediation.rows().update_one({"_id": made.id}, {"$set": rolled_back})

    await house.count()

    after, node = await house.savings("RULE"), (await house.shown())[global_id("Remediation", made.id)]
    assert before["total"]["monthlySavings"] == [usd("60.83")]
    assert (after["total"]["monthlySavings"], after["total"]["rolledBackCount"]) == ([], 1)
    assert Decimal(node["realisedMonthlySaving"]["amount"]) == 0


async def test_fault_that_comes_back_is_noted_once(house: House) -> None:
    made = await house.mended(VOLUME, "50")
    await house.mended("stays-mended", "1")
    ended = (await documents.Remediation.rows().find_one({"_id": made.id}))["ended_at"]
    again, later = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 5, tzinfo=UTC)

    # Read before it was mended, and stored afterwards: that tells nothing.
    await house.opened(made, ended - timedelta(minutes=1), ended + timedelta(minutes=1))
    for at in (again, later):
        await house.opened(made, at, at)

    shown = await house.shown()
    assert shown[global_id("Remediation", made.id)]["regressedAt"] == "2026-11-01T00:00:00Z"
    assert (await house.savings("RULE"))["total"]["regressedCount"] == 1


async def test_another_tenant_sees_nothing_of_it(house: House, backend: Backend) -> None:
    await house.mended(VOLUME, "50")
    await house.billed(steps(VOLUME, (FIRST, CHANGED, "2")))
    await house.count()
    stranger = await make_tenant(backend)

    theirs = await house.savings("ACCOUNT", stranger)
    input = {"first": "2026-09-01", "until": "2026-12-01", "groupBy": "RULE", "organizationId": house.tenant.global_id}
    refused = await house.graph.refused(SAVINGS, stranger.token, input=input)

    assert (theirs["groups"], theirs["total"]["doneCount"]) == ([], 0)
    assert refused[0]["extensions"]["code"] == "NOT_FOUND"


@pytest.mark.parametrize(("first", "until"), [("2026-09-02", "2026-09-02"), ("2020-01-01", "2026-01-01")])
async def test_days_must_be_some_and_not_too_many(house: House, first: str, until: str) -> None:
    input = {"first": first, "until": until, "groupBy": "RULE"}

    refused = await house.graph.refused(SAVINGS, house.tenant.token, input=input)

    assert "1100 days" in refused[0]["message"]
