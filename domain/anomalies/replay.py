"""Scores days of many series in order, from what is remembered of them. The way in for jobs and for measurements."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from domain.anomalies.baseline import baseline
from domain.anomalies.book import Book, closed, opened
from domain.anomalies.cleaning import Judged, begin, look_back, settle
from domain.anomalies.drops import drop
from domain.anomalies.evidence import evidence
from domain.anomalies.flag import Flag, Rule
from domain.anomalies.judging import EPOCH, Range, expected_range, flags
from domain.anomalies.known_days import KnownDays, known_days
from domain.anomalies.known_event import KnownEvent
from domain.anomalies.levels import lift, new_service, persistent
from domain.anomalies.references import references
from domain.anomalies.settings import Settings
from domain.anomalies.spikes import spikes
from domain.anomalies.state import NEVER, WINDOW, Bools, Floats, Ints, State
from domain.anomalies.yearly import Yearly

_DEFAULTS = Settings()
# So many series at once stay within the cache of a core, which is twice as fast as all of them.
CHUNK = 512


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was found, in order of days; what is to be remembered; and for charts what was expected of each scored day
    (references included), the range of 95 of 100 usual days, and the cleaned history. Arrays are [series, day].
    """

    flags: tuple[Flag, ...]
    state: State
    expected: Floats
    low: Floats
    high: Floats
    cleaned: Floats


def replay(
    costs: Floats,
    first: date | Ints,
    state: State | None = None,
    known: Sequence[KnownEvent] = (),
    settings: Settings = _DEFAULTS,
    final: Bools | None = None,
    due: Yearly | None = None,
) -> Outcome:
    """Score complete days in order. Pure: the state handed in stays as it is.

    costs is [series, day], dense UTC days in one currency a series: 0.0 where nothing was billed, NaN where the day was
    not delivered (and in front of a series that began later). first is the day of the first column, or one for each
    series in days since 1970-01-01. state is what an earlier call returned: scoring in two calls is the same as scoring
    in one, so a restatement is a replay from the state before the first changed day. final says of which days no
    correction is awaited; only these can be drops. due is what earlier years say of each of the days. Raises ValueError
    when the days do not follow on those of the state.
    """
    remembered = state or State.new(len(costs))
    days = _first(costs, first, remembered)
    settled = np.ones(costs.shape, np.bool_) if final is None else final
    seasons = Yearly.none(*costs.shape) if due is None else due
    parts = []
    for begin_row in range(0, max(len(costs), 1), CHUNK):
        rows = np.arange(begin_row, min(begin_row + CHUNK, len(costs)))
        events = [
            replace(one, series=one.series - begin_row) for one in known if one.series // CHUNK == begin_row // CHUNK
        ]
        book = opened(remembered.rows(rows), np.asarray(costs, np.float64)[rows], days[rows])
        parts.append(_replayed(book, events, settings, settled[rows], seasons.part(rows), begin_row))
    return _joined(parts)


def _joined(parts: Sequence[Outcome]) -> Outcome:
    found = sorted((flag for part in parts for flag in part.flags), key=lambda flag: (flag.on, flag.series))
    names = ("expected", "low", "high", "cleaned")
    bounds = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    return Outcome(tuple(found), State.joined([part.state for part in parts]), **bounds)


def _replayed(
    book: Book, known: Sequence[KnownEvent], settings: Settings, final: Bools, due: Yearly, begin_row: int
) -> Outcome:
    days = known_days(book, known)
    ranges: list[Range] = []
    found: list[Flag] = []
    for column in range(final.shape[1]):
        usual, flagged = _step(book, days, settings, final[:, column], due.part(slice(None), column))
        ranges.append(usual)
        found += [replace(flag, series=flag.series + begin_row) for flag in flagged]
    cleaned = book.cleaned[:, WINDOW:]
    expected, low, high = (
        _columns([getattr(one, name) for one in ranges], cleaned) for name in ("expected", "low", "high")
    )
    return Outcome(tuple(found), closed(book), expected, low, high, cleaned)


def glance(
    costs: Floats,
    on: date | Ints,
    state: State,
    known: Sequence[KnownEvent] = (),
    settings: Settings = _DEFAULTS,
    due: Yearly | None = None,
) -> tuple[Flag, ...]:
    """Flags of one day of which only a part is delivered, one cost per series: upward only, because a low part says
    nothing. Nothing of it is remembered; the day is scored again with `replay` once it is complete.
    """
    final = np.zeros((len(costs), 1), np.bool_)
    return replay(np.asarray(costs)[:, None], on, state, known, settings, final, due).flags


def _first(costs: Floats, first: date | Ints, state: State) -> Ints:
    days = np.full(len(costs), (first - EPOCH).days) if isinstance(first, date) else np.asarray(first, np.int64)
    if len(costs) != state.series:
        raise ValueError(f"{len(costs)} series were handed in, {state.series} are remembered.")
    if ((state.next_day != NEVER) & (state.next_day != days)).any():
        raise ValueError("The days do not follow on those that are remembered; replay from an earlier state.")
    return days


def _step(book: Book, known: KnownDays, settings: Settings, final: Bools, due: Yearly) -> tuple[Range, list[Flag]]:
    at = book.at
    purchase, planned, silent = known.purchase[:, at], known.planned[:, at], known.silent[:, at]
    begin(book, planned)
    base = baseline(book)
    look_back(book, base)
    seen = evidence(book, base, references(book, base, known.marked, due), settings)
    may = ~(purchase | silent)
    rise = lift(book, seen)
    upward = [new_service(book, seen, may), *spikes(book, seen, may, settings.sensitivity)]
    upward.append(persistent(book, seen, rise, may & ~np.any([one.holds for one in upward], 0)))
    findings = [*upward, drop(book, seen, may & final)]
    result = expected_range(book, seen), list(flags(book, seen, findings, settings))
    holds = {one.rule: one.holds for one in findings}
    book.lift[:, at] = rise.median
    rose = holds[Rule.SPIKE] | holds[Rule.TRIPLE] | holds[Rule.TWO_DAYS]
    settle(book, seen, Judged(rose, holds[Rule.PERSISTENT], purchase, silent))
    return result


def _columns(per_day: list[Floats], like: Floats) -> Floats:
    return np.stack(per_day, -1) if per_day else np.empty_like(like)
