"""A fault is played as customers have it: a sync finds it, people plan and approve, and a worker does the rest."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

import documents
from documents.resource import fact_of
from domain.costs.billed_resource import BILLED_DAYS, DAYS_OF_MONTH
from domain.costs.header import ReadOptions
from domain.facts.provider import Provider
from domain.facts.remediation import WORKED_ON, RemediationState
from domain.facts.resource import Resource
from domain.remediation.step import Step
from domain.remediation_plan import is_undoable
from jobs.cost_import import import_cost_files
from schema.node import local_id
from tests.factories.focus import focus_row, write_csv
from tests.factories.remediation_house import ROLL_BACK, Household
from tests.factories.remedies import REACHED
from tests.factories.synthetic_account import sync
from tests.fakes.playing import LOOKS, Play, listings_of

# How bills name who sells.
SELLERS = {Provider.AWS: "AWS", Provider.GCP: "Google Cloud", Provider.AZURE: "Microsoft"}
S = RemediationState


@dataclass
class ByJobs(Play):
    """One rule on the account of a household. `at` is the time that jobs believe it is; None: `later` than now.

    Syncs read what the rule looks at and no more, which takes a fiftieth of the time.
    """

    household: Household = field(kw_only=True)
    at: datetime | None = None
    passed: timedelta = timedelta()
    id: str = ""
    is_prepared: bool = False

    def clock(self) -> datetime:
        return (self.at or datetime.now(UTC) + self.later) + self.passed

    def reached(self, what: str) -> None:
        REACHED.setdefault(self.rule_id, set()).add(what)

    async def sync(self) -> None:
        """What the rule looks at is read into the store, costs and all, and judged. Nothing of it may be a gap."""
        house = self.household
        kinds = (self.rule.applies_to, *self.rule.also_reads)
        narrow = replace(self.registration, listings=tuple(listings_of(self.registration, kinds)))
        await documents.Account.rows().update_one({"_id": house.account.id}, {"$set": {"next_cost_at": None}})
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("connectors.registry.registrations", lambda: {narrow.provider: narrow})
            run = await sync(house.backend, house.account, now=self.clock, **house.fast)
        assert run.state == "SUCCEEDED", (run.problem, run.gaps)

    async def firing(self) -> dict[str, Resource]:
        """The resources with an open finding of the rule after a sync, by native id."""
        if not self.is_prepared:
            await self._prepare()
        await self.sync()
        where = {"org_id": self.household.account.org_id, "rule_id": self.rule_id, "state": "OPEN"}
        ids = [raw["resource_id"] async for raw in documents.Finding.rows().find(where)]
        rows = documents.Resource.rows().find({"_id": {"$in": ids}})
        found = {raw["native_id"]: fact_of(raw) async for raw in rows}
        if found:
            self.reached("FOUND")
        return found

    async def plan(self, native_id: str) -> tuple[Step, ...]:
        """The steps of a remediation that waits for its approval."""
        house = self.household
        assert native_id in await self.firing(), f"{self.rule_id} finds nothing on {native_id}"
        where = {"rule_id": self.rule_id, "resource_native_id": native_id}
        finding = await documents.Finding.find_in(house.asker.scope, where)
        assert finding is not None
        self.id = await house.plan_for(finding, now=self.clock)
        assert await self._worked() is S.PLANNED, await house.shown(self.id)
        self.reached("PLANNED")
        return await self._steps()

    async def mend(self, native_id: str) -> tuple[Step, ...]:
        """Planned, approved by somebody else, made, and seen to have helped: the finding is resolved."""
        steps = await self.plan(native_id)
        house = self.household
        answer = await house.approve(self.id)
        assert answer["__typename"] == "ApproveRemediationSuccess", answer
        assert await self._worked() is S.DONE, (await house.shown(self.id), await house.journal(self.id))
        self.reached("DONE")
        shown = await house.shown(self.id)
        assert shown["finding"]["state"] == "RESOLVED"
        assert shown["canRollBack"] is is_undoable(steps, [step.name for step in steps])
        self.reached("VERIFIED")
        return steps

    async def undo(self, steps: Sequence[Step]) -> None:
        """What was made, rolled back, where anything can be."""
        if not any(step.undo for step in steps):
            return
        house = self.household
        answer = await house.ask(ROLL_BACK, remediationId=self.id, reason="The team wants it back.")
        assert answer["__typename"] == "RollBackRemediationSuccess", answer
        assert await self._worked() is S.ROLLED_BACK, (await house.shown(self.id), await house.journal(self.id))
        self.reached("UNDONE")

    async def _worked(self) -> RemediationState:
        """The state in which workers leave it, one after another, a minute apart."""
        for _ in range(LOOKS):
            remediation = await self._stored()
            if remediation.state not in WORKED_ON:
                self.answers = remediation.answers
                return remediation.state
            await self.household.work(self.id, now=self.clock)
            self.passed += timedelta(minutes=1)
        raise AssertionError(f"{self.rule_id} never ends: {await self.household.shown(self.id)}")

    async def _steps(self) -> tuple[Step, ...]:
        return (await self._stored()).steps

    async def _stored(self) -> documents.Remediation:
        return await documents.Remediation.get_in(self.household.asker.scope, local_id("Remediation", self.id))

    async def _prepare(self) -> None:
        """What the organization has chosen for the rule, and the bills it has loaded."""
        self.is_prepared = True
        org_id = self.household.account.org_id
        if self.parameters:
            chosen = {name: list(one) if isinstance(one, tuple) else one for name, one in self.parameters.items()}
            await documents.RuleSetting(org_id=org_id, rule_id=self.rule_id, parameters=chosen, version=1).insert()
        if self.bills:
            # The first sync learns the id of the account, by which bills name it.
            await self.sync()
            await self._load_bills()

    async def _load_bills(self) -> None:
        house, today = self.household, self.clock().date()
        account = await documents.Account.get_in(house.asker.scope, str(house.account.id))
        named = {"ProviderName": SELLERS[account.provider], "SubAccountId": str(account.native_id)}
        rows = [
            focus_row(**named, **charged(today - timedelta(days=back), name, cost.amount / DAYS_OF_MONTH))
            for name, cost in self.bills.items()
            for back in range(1, BILLED_DAYS + 3)
        ]
        with tempfile.TemporaryDirectory() as folder:
            file = write_csv(Path(folder) / "bill.csv", rows)
            await import_cost_files(
                house.asker.scope, [file], ReadOptions(), writer=house.backend.writer, now=self.clock
            )


def charged(day: date, resource_id: str, cost: Decimal) -> dict[str, str]:
    """The columns of a row that a resource is billed for this day."""
    month = day.replace(day=1)
    amount = str(round(cost, 4))
    return {
        "ResourceId": resource_id,
        "BilledCost": amount,
        "EffectiveCost": amount,
        "BillingPeriodStart": midnight(month),
        "BillingPeriodEnd": midnight((month + timedelta(days=32)).replace(day=1)),
        "ChargePeriodStart": midnight(day),
        "ChargePeriodEnd": midnight(day + timedelta(days=1)),
    }


def midnight(day: date) -> str:
    return datetime.combine(day, time(), UTC).isoformat().replace("+00:00", "Z")
