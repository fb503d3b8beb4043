"""A fault is found, planned, mended, looked at again and taken back against a stand-in, without store or jobs."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.acting import Actor
from connectors.reading.listing import Listing, Place
from connectors.reading.source import Registration, Source
from domain.facts.inventory import InventorySnapshot
from domain.facts.money import Money
from domain.facts.resource import Resource, ResourceKind
from domain.remediation.step import Step
from domain.rules.judgement import Verdict, judge_inventory
from domain.rules.registry import get_rule
from domain.rules.rule import Rule, RuleContext, Setting
from tests.fakes.collecting import read

# How often something that takes its time is looked at.
LOOKS = 200


def listings_of(registration: Registration, kinds: Sequence[ResourceKind]) -> list[Listing]:
    """Those that give resources of these kinds."""
    return [one for one in registration.listings if set(kinds) & set(one.kinds)]


@dataclass
class Play:
    """One rule on one account. `later` is how much time has passed since it was made; `bills` as in a context."""

    registration: Registration
    source: Source
    rule_id: str
    later: timedelta = timedelta(days=400)
    parameters: Mapping[str, Setting] = field(default_factory=dict)
    bills: Mapping[str, Money] = field(default_factory=dict)
    changed_at: Mapping[str, datetime] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)

    @property
    def rule(self) -> Rule:
        return get_rule(self.rule_id)

    async def resources(self) -> list[Resource]:
        """What the rule looks at, read now. Nothing of it may be a gap."""
        listings = listings_of(self.registration, (self.rule.applies_to, *self.rule.also_reads))
        collected, report = await read(self.source, listings)
        assert not report.gaps, report.gaps
        return collected.found

    def context(self, resources: Sequence[Resource]) -> RuleContext:
        return RuleContext(
            now=datetime.now(UTC) + self.later,
            bills=self.bills,
            changed_at=self.changed_at,
            parameters=self.rule.settings(self.parameters),
            resources={(one.kind, one.native_id): one for one in resources},
        )

    async def firing(self) -> dict[str, Resource]:
        """The resources on which the rule fires now, by native id."""
        resources = await self.resources()
        snapshot = InventorySnapshot(account_native_id="test", resources=tuple(resources))
        chosen = {self.rule_id: dict(self.parameters)}
        judged = judge_inventory([self.rule], snapshot, self.context(resources), chosen)
        return {one.resource.native_id: one.resource for one in judged.judgements if one.verdict is Verdict.FIRES}

    async def plan(self, native_id: str) -> tuple[Step, ...]:
        """The steps for what the rule fires on."""
        resource = (await self.firing())[native_id]
        assert self.rule.remedy is not None
        return self.rule.remedy.plan(resource, self.context(await self.resources()))

    async def make(self, steps: Sequence[Step]) -> None:
        """Every step, as the executor makes them; a second try of each finds or repeats the first."""
        actor = Actor(self.source, self.registration.action, await self._place())
        for number, step in enumerate(steps):
            token = f"cw-{self.rule_id}-{number}-{step.name}"[:40]
            self.answers[step.name] = await actor.make(step, token, self.answers)
            await self._until_ready(actor, step, token)
            found = await actor.find(step, token, self.answers)
            assert step.found is None or found is not None, f"{step.name} cannot be found again"
            if found is not None:
                self.answers[step.name] = found

    async def undo(self, steps: Sequence[Step]) -> None:
        """What was made, taken back: the last step first."""
        for step in reversed(steps):
            await self.make(step.undo)

    async def mend(self, native_id: str) -> tuple[Step, ...]:
        """Plan and make it, and see that the rule is quiet about it."""
        steps = await self.plan(native_id)
        await self.make(steps)
        assert native_id not in await self.firing(), f"{self.rule_id} still fires on {native_id}"
        return steps

    async def state(self, native_id: str) -> dict[str, Any]:
        """The configuration and tags of one resource as it stands now; {} when it is gone."""
        found = [one for one in await self.resources() if one.native_id == native_id]
        return {"config": found[0].config, "tags": found[0].tags} if found else {}

    async def _until_ready(self, actor: Actor, step: Step, token: str) -> None:
        for _ in range(LOOKS):
            if await actor.is_ready(step, token, self.answers):
                return
            await asyncio.sleep(0.02)
        raise AssertionError(f"{step.name} is never ready")

    async def _place(self) -> Place:
        identity = await self.source.identity()
        return Place(account_id=identity.native_id, region=None, now=datetime.now(UTC))
