"""Makes labelled daily costs of its own, of other families than any set at hand, to see that figures hold elsewhere."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np

from bench.anomaly_data import Series
from bench.anomaly_score import Event, Label
from domain.anomalies.known_event import KnownKind

Random = np.random.Generator
SCORED = 90
LEAST_DAYS, MOST_DAYS = 60, 420
WEEKEND = (5, 6)


@dataclass
class Draft:
    """A series while it is being made. taken: days about which something is told already."""

    costs: np.ndarray
    first: date
    scored: range
    scale: float
    events: list[Event] = field(default_factory=list)
    known: list[tuple[date, KnownKind]] = field(default_factory=list)
    ignored: list[range] = field(default_factory=list)
    taken: set[int] = field(default_factory=set)

    def weekday(self, day: int) -> int:
        return (self.first + timedelta(days=day)).weekday()

    def note(self, kind: str, first: int, last: int, *, odd: bool, impact: float = 0.0) -> None:
        start = self.first.toordinal()
        self.events.append(Event(kind, start + first, start + last, odd, impact))
        self.taken.update(range(first - 12, last + 13))


def _smooth(random: Random, days: int) -> np.ndarray:
    return random.normal(0, random.uniform(0.005, 0.03), days)


def _office(random: Random, days: int) -> np.ndarray:
    """Five busy days, two quiet ones, and quiet ones now and then between."""
    weekend = np.isin(np.arange(days) % 7, WEEKEND)
    holidays = random.random(days) < 0.01
    return np.where(weekend | holidays, np.log(random.uniform(0.2, 0.8)), 0.0) + random.normal(0, 0.04, days)


def _wandering(random: Random, days: int) -> np.ndarray:
    """Each day remembers most of the day before."""
    memory, step = random.uniform(0.6, 0.9), random.uniform(0.02, 0.07)
    noise, level = random.normal(0, step, days), np.zeros(days)
    for day in range(1, days):
        level[day] = memory * level[day - 1] + noise[day]
    return level


def _tailed(random: Random, days: int) -> np.ndarray:
    return np.clip(random.standard_t(4, days) * random.uniform(0.03, 0.12), -1.0, 1.0)


def _growing(random: Random, days: int) -> np.ndarray:
    return np.arange(days) * random.uniform(0.0005, 0.003) + random.normal(0, 0.01, days)


def _bursts(random: Random, days: int) -> np.ndarray:
    """Calm, and on some days half as much again or more."""
    burst = (random.random(days) < random.uniform(0.03, 0.10)) * random.gamma(2.0, 0.25, days)
    return random.normal(0, 0.05, days) + burst


def _monthly_wave(random: Random, days: int) -> np.ndarray:
    return 0.15 * np.sin(np.arange(days) * 2 * np.pi / 30.4) + random.normal(0, 0.03, days)


FAMILIES: dict[str, Callable[[Random, int], np.ndarray]] = {
    "smooth": _smooth, "office": _office, "wandering": _wandering, "tailed": _tailed, "growing": _growing,
    "bursts": _bursts, "wave": _monthly_wave,
}  # fmt: skip
# Of a hundred series: bills are mostly calm.
SHARES = (30, 20, 14, 8, 14, 6, 8)


def make(count: int, seed: int) -> tuple[list[Series], list[Label]]:
    """Series and what is to be found in them. The stratum of a label is its family."""
    random = np.random.default_rng(seed)
    names = random.choice(list(FAMILIES), count, p=np.array(SHARES) / 100)
    made = [_made(random, f"m{seed}-{number:04}", str(name)) for number, name in enumerate(names)]
    return [one for one, _ in made], [label for _, label in made]


def _made(random: Random, id: str, family: str) -> tuple[Series, Label]:
    days = int(random.integers(LEAST_DAYS, MOST_DAYS))
    base = float(np.exp(random.uniform(np.log(15), np.log(20_000))))
    first = date(2025, 1, 6) + timedelta(weeks=int(random.integers(0, 50)))
    costs = base * np.exp(FAMILIES[family](random, days))
    begin = max(days - SCORED, 45)
    draft = Draft(costs, first, range(begin, days), _scatter(np.log(costs)))
    for inject in random.permutation(np.array(TRAPS))[: random.integers(0, 3)]:
        inject(random, draft)
    for inject in random.permutation(np.array(ODD))[: random.choice(3, p=(0.4, 0.5, 0.1))]:
        inject(random, draft)
    start = first.toordinal()
    label = Label(id, family, range(start + begin, start + days), tuple(draft.events), tuple(draft.ignored))
    return Series(id, first, np.maximum(draft.costs, 0.0), tuple(draft.known)), label


def _scatter(logs: np.ndarray) -> float:
    """How far a day lies from the same weekday of the week before, as the scale of a single day."""
    return float(1.4826 * np.median(np.abs(logs[7:] - logs[:-7])) / np.sqrt(2))


def _free(random: Random, draft: Draft, length: int) -> int | None:
    """A day in the scored part from which nothing is told yet."""
    days = [
        day for day in draft.scored[2 : len(draft.scored) - length]
        if not draft.taken.intersection(range(day, day + length))
    ]  # fmt: skip
    return int(random.choice(days)) if days else None


def _raise(random: Random, draft: Draft, kind: str, lengths: tuple[int, int], factors: tuple[float, float]) -> None:
    length, factor = int(random.integers(*lengths)), random.uniform(*factors)
    if (day := _free(random, draft, length)) is None:
        return
    before = draft.costs[day : day + length].copy()
    draft.costs[day : day + length] *= factor
    excess = float((draft.costs[day : day + length] - before).sum())
    if before.min() * (factor - 1) >= 12:
        draft.note(kind, day, day + length - 1, odd=True, impact=excess)
    else:
        draft.note("trap_immaterial", day, day + length - 1, odd=False)
        draft.ignored.append(range(draft.first.toordinal() + day, draft.first.toordinal() + day + length + 3))


def _triple(random: Random, draft: Draft) -> None:
    _raise(random, draft, "spike_3x", (1, 2), (3.0, 8.0))


def _several(random: Random, draft: Draft) -> None:
    _raise(random, draft, "spike_multi", (2, 4), (3.0, 6.0))


def _mild(random: Random, draft: Draft) -> None:
    low = float(np.exp(max(6 * draft.scale, np.log(1.4))))
    _raise(random, draft, "spike_mild", (1, 2), (low, max(low * 1.3, 2.5)))


def _shift(random: Random, draft: Draft) -> None:
    low = max(1.35, float(np.exp(4 * draft.scale)))
    _raise(random, draft, "level_shift", (14, 30), (low, max(1.2 * low, 3.0)))


def _fee(random: Random, draft: Draft) -> None:
    """On one day of each month, known for three months before it counts."""
    amount, on = draft.costs.mean() * random.uniform(0.5, 5), int(random.integers(1, 29))
    seen = 0
    for day in range(len(draft.costs)):
        if (draft.first + timedelta(days=day)).day != on:
            continue
        draft.costs[day] += amount
        seen += 1
        if day in draft.scored and seen > 2:
            draft.note("trap_fee", day, day, odd=False)
        elif day in draft.scored:
            draft.ignored.append(range(draft.first.toordinal() + day, draft.first.toordinal() + day + 3))


def _purchase(random: Random, draft: Draft) -> None:
    if (day := _free(random, draft, 1)) is not None:
        draft.costs[day] += draft.costs.mean() * random.uniform(5, 50)
        draft.known.append((draft.first + timedelta(days=day), KnownKind.COMMITMENT_PURCHASE))
        draft.note("trap_purchase", day, day, odd=False)


def _late(random: Random, draft: Draft) -> None:
    """Two to four days that come summed on the next."""
    length = int(random.integers(2, 5))
    if (day := _free(random, draft, length + 1)) is not None:
        draft.costs[day + length] += draft.costs[day : day + length].sum()
        draft.costs[day : day + length] = np.nan
        draft.note("trap_late", day, day + length, odd=False)


def _dip(random: Random, draft: Draft) -> None:
    length = int(random.integers(2, 6))
    if (day := _free(random, draft, length + 2)) is not None:
        draft.costs[day : day + length] *= random.uniform(0.02, 0.5)
        draft.note("trap_dip", day, day + length + 2, odd=False)


ODD = (_triple, _several, _mild, _shift)
TRAPS = (_fee, _purchase, _late, _dip)
