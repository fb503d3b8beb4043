"""The rules for what stays: a new level, and a service that was not there before."""

from dataclasses import dataclass

import numpy as np

from domain.anomalies.book import Book
from domain.anomalies.evidence import FIRST_DAYS, Evidence
from domain.anomalies.finding import Finding, found
from domain.anomalies.flag import Rule
from domain.anomalies.middle import median, spread
from domain.anomalies.state import Bools, Floats

# What a level must rise by, as a log.
LEAST_LIFT = float(np.log(1.25))
LIFT_DAYS = 4
STEADY_DAYS = 3
RISE_SCALES, RISE_NOVELTY = 4.1, 1.3
LIFT_MEMORY = 90
# One rise is told of once.
PAUSE_DAYS = 14
# What counts as nothing, a day.
NOTHING = 1.0
QUIET_DAYS = 28
NEW_SERVICE_COST = 10.0


@dataclass(frozen=True, slots=True)
class Lift:
    """How far the last four days, today included, stand above the month before, in log; and each of the last three."""

    median: Floats
    lowest: Floats
    known: Bools


def lift(book: Book, seen: Evidence) -> Lift:
    """Of the day the book is at."""
    flat = seen.base.flat
    season = seen.plain - seen.beyond
    today = np.log(np.maximum(seen.cost, 0.0) + seen.base.offset) - season - seen.base.weekday
    recent = np.concatenate([flat[:, -(LIFT_DAYS - 1) :], today[:, None]], -1)
    before = np.where(book.after(book.anchor, 36), flat[:, -36:], np.nan)[:, :-8]
    known = (np.isfinite(before).sum(-1) >= 14) & np.isfinite(recent).all(-1)
    level = median(before) + 20 * seen.base.growth
    return Lift(
        np.where(known, median(recent) - level, np.nan),
        np.where(known, recent[:, -STEADY_DAYS:].min(-1) - level, np.nan),
        known,
    )


def persistent(book: Book, seen: Evidence, rise: Lift, may: Bools) -> Finding:
    """A rise that is too small for a spike and stays."""
    past = book.back(book.lift, LIFT_MEMORY)
    scatter = np.nan_to_num(spread(past, median(past)))
    largest_before = np.nan_to_num(np.fmax.reduce(past[:, :-7], axis=-1, initial=0.0))
    required = np.maximum.reduce(
        [
            np.full_like(scatter, LEAST_LIFT),
            RISE_SCALES * np.maximum(scatter, seen.base.scale / 2),
            RISE_NOVELTY * largest_before,
        ]
    )
    # Money above the month before too, because the level may have moved along already.
    above = np.fmax(seen.impact, (seen.cost + seen.base.offset) * -np.expm1(-rise.median))
    quiet = (seen.references.charge > 0) | (book.age(book.changed) < PAUSE_DAYS)
    return found(
        Rule.PERSISTENT,
        may & seen.scored & rise.known & ~quiet,
        ("rise", rise.median, required),
        ("each of three days", rise.lowest, np.full_like(scatter, 0.75 * LEAST_LIFT)),
        ("impact", above, seen.material),
    )


def new_service(book: Book, seen: Evidence, may: Bools) -> Finding:
    """Something is paid for where next to nothing was for four weeks, and it is no charge that recurs."""
    beyond = seen.cost - seen.references.amount
    least = np.maximum(NEW_SERVICE_COST, seen.material)
    return found(Rule.NEW_SERVICE, may & is_quiet(book) & np.isfinite(beyond), ("impact", beyond, least))


def is_quiet(book: Book) -> Bools:
    """Which series cost next to nothing for four weeks, or since they are known."""
    before = np.fmax.reduce(book.back(book.raw, QUIET_DAYS), axis=-1, initial=0.0)
    return np.asarray((book.observed >= FIRST_DAYS) & (before <= NOTHING))
