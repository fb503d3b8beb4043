"""Plays in which each step is tried a second time, as after a crash that lost the answer of the first."""

from collections.abc import Sequence
from typing import Any

from connectors.acting import Actor
from domain.remediation.remedy import Reversible
from domain.remediation.step import Step
from tests.fakes.described_cloud import DescribedCloud
from tests.fakes.playing import Play


class TriedTwice(Play):
    """See Play. After each step the state is kept, the step is tried again, and the state has to be the same."""

    async def make(self, steps: Sequence[Step]) -> None:
        """Every step twice."""
        actor = Actor(self.source, self.registration.action, await self._place())
        for step in steps:
            await super().make([step])
            before = await self._state()
            # Play counts tokens by place in the list, which is one long here.
            await self._try_again(actor, step, f"cw-{self.rule_id}-0-{step.name}"[:40])
            assert await self._state() == before, f"{step.name} does more when it is made again"

    async def _try_again(self, actor: Actor, step: Step, token: str) -> None:
        if await actor.find(step, token, self.answers) is None:
            self.answers[step.name] = await actor.make(step, token, self.answers)
            await self._until_ready(actor, step, token)

    async def _state(self) -> Any:
        """Everything that the rule looks at, without the times at which something was written last."""
        return {(one.kind.value, one.native_id): settled(one.config) for one in await self.resources()}


def settled(value: Any) -> Any:
    """Without what moves by itself whenever something is written."""
    if isinstance(value, dict):
        return {key: settled(item) for key, item in value.items() if key not in ("lastUpdated", "updated_at")}
    return [settled(item) for item in value] if isinstance(value, list) else value


async def play_out(play: Play, fault: Any, cloud: DescribedCloud) -> None:
    """A fault is made, found, planned, mended, looked at again, and taken back where that can be."""
    cloud.broken.clear()
    native_id = fault.make(cloud)
    before = await play.state(native_id)

    steps = await play.mend(native_id)
    if any(step.undo for step in steps):
        await play.undo(steps)

    after = await play.state(native_id)
    if play.rule.remedy is not None and play.rule.remedy.reversible is Reversible.YES:
        assert fault.compared(after) == fault.compared(before)
    elif fault.is_back is not None:
        assert fault.is_back(cloud, before)
    assert cloud.broken == []
