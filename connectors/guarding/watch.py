"""What happens around each try of a watched call: it is let in, and what came of it is learned."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from connectors.guarding import telemetry
from connectors.guarding.arithmetic import Entry, Turn, Verdict
from connectors.guarding.gate import Gate
from connectors.guarding.patience import LONGEST_PAUSE, Resting, Sleep
from connectors.guarding.samples import Samples
from connectors.guarding.telemetry import Outcome, outcome_of
from connectors.limits import Limit, limit_of
from domain.errors import Throttled
from domain.facts.health import BreakerState
from domain.facts.provider import Provider


@dataclass(frozen=True, slots=True)
class Call:
    """One call, whatever its tries. `bucket` and `breaker` are the keys of the two in the gate.

    `family` is the service, or * for all that share a limit; calls of a family share its places.
    """

    service: str
    operation: str
    limit: Limit
    family: str
    bucket: str = ""
    breaker: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What a guard shares with others: the limits of `provider`, the gate of the process, the samples of the account.

    `sleep` and `chance` are the clock's and the dice's; tests have their own.
    """

    provider: Provider | None
    account: str
    gate: Gate
    samples: Samples
    limits: Callable[[Provider | None, str], Limit] = limit_of
    sleep: Sleep = asyncio.sleep
    chance: Callable[[], float] = random.random

    def call(self, service: str, operation: str, region: str | None) -> Call:
        """The call with its limit and its keys."""
        account, limit = f"{telemetry.name_of(self.provider)}:{self.account}", self.limits(self.provider, service)
        family = "*" if limit.is_shared else service
        bucket = f"{account}:{family}" if region is None else f"{account}:{family}:{region}"
        return Call(service, operation, limit, family, bucket, f"{account}:{service}")

    async def let_in(self, call: Call) -> Entry:
        """Wait for the call's turn. Raises Resting or Throttled when it does not come soon enough."""
        entry = await self.gate.enter(call.bucket, call.breaker, call.limit)
        name, pause = telemetry.name_of(self.provider), timedelta(seconds=entry.seconds)
        if entry.verdict is Verdict.RESTING:
            telemetry.HELD_BACK.labels(name, call.service, "resting").inc()
            self.samples.breaker(call.service, BreakerState.OPEN, age=entry.age, next_try=entry.seconds)
            message = f"{call.service} did not answer for a while and is left alone for now."
            raise Resting(message, service=call.service, retry_after=pause)
        if entry.verdict is Verdict.FULL:
            telemetry.HELD_BACK.labels(name, call.service, "full").inc()
            message = f"The calls of {call.service} that are allowed just now are used up."
            # Longer than a call waits between two tries, so that it is not tried again at once.
            raise Throttled(message, service=call.service, retry_after=max(pause, LONGEST_PAUSE + timedelta(seconds=1)))
        if entry.verdict is Verdict.PROBE:
            self.samples.breaker(call.service, BreakerState.HALF_OPEN, age=entry.age)
        elif self.samples.was_to_be_tried(call.service):
            self.samples.breaker(call.service, BreakerState.CLOSED)  # another reading saw it answer
        if entry.seconds:
            telemetry.WAITED.labels(name, call.service).inc(entry.seconds)
            await self.sleep(entry.seconds)
        return entry

    async def learn(self, call: Call, entry: Entry, error: Exception | None, seconds: float) -> None:
        """Take the sample, and tell bucket and breaker. A bug of ours says nothing about the provider."""
        outcome = outcome_of(error)
        if outcome is Outcome.BROKEN:
            return
        self.samples.add(call.service, outcome, seconds)
        if isinstance(error, Throttled):
            await self.gate.drain(call.bucket, call.limit, error.retry_after or timedelta())
        await self._settle(call, entry, is_failure=outcome is Outcome.UNAVAILABLE)

    async def _settle(self, call: Call, entry: Entry, *, is_failure: bool) -> None:
        is_probe = entry.verdict is Verdict.PROBE
        if not call.limit.failures or not (is_failure or is_probe or entry.failures):
            return
        turn = await self.gate.settle(call.breaker, call.limit, is_probe=is_probe, is_failure=is_failure)
        if turn is Turn.NONE:
            return
        telemetry.BREAKERS.labels(telemetry.name_of(self.provider), call.service, turn.value).inc()
        if turn is Turn.OPENED:
            self.samples.breaker(call.service, BreakerState.OPEN, next_try=call.limit.pause.total_seconds())
        else:
            self.samples.breaker(call.service, BreakerState.CLOSED)
