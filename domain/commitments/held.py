"""Commitments there are: what of them is unused, at which discount, and the rate they were bought at."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal

from domain.commitments.bill import HOURS_PER_DAY, Bill, CommitmentPart, KnownTerm
from domain.commitments.offers import RATE_STEP, UPFRONT
from domain.costs.commitments import commitment_key, total
from domain.rules.commitment_advice import NONE, Held, Rate

MOST = 1 - RATE_STEP


@dataclass(frozen=True, slots=True)
class HeldCommitment:
    """One commitment as the bill shows it in these days. `pools` is what it covers; empty where nothing tells that."""

    id: str
    pools: frozenset[str]
    held: Held
    rate: Rate | None


def held_in(bill: Bill) -> list[HeldCommitment]:
    """Every commitment of the bill that cost something."""
    parts: dict[str, list[CommitmentPart]] = {}
    for part in bill.commitments:
        parts.setdefault(part.commitment, []).append(part)
    found = [_held(bill, id, own) for id, own in sorted(parts.items())]
    return [one for one in found if one.held.hourly > 0]


def _held(bill: Bill, id: str, parts: list[CommitmentPart]) -> HeldCommitment:
    term = bill.terms.get(commitment_key(id), KnownTerm())
    used = [part for part in parts if not part.is_unused]
    unused, paid = total(part.effective for part in parts if part.is_unused), total(part.effective for part in used)
    worth, cost = total(part.contracted for part in used), paid + unused
    places = {(place, part.region) for part in used if (place := bill.place(part.service, part.sku)) is not None}
    family, region = _bound(parts, term, places)
    # Of what is had for next to nothing a rate is none.
    discount = min(MOST, max(NONE, 1 - paid / worth)).quantize(RATE_STEP) if paid > 0 and worth > 0 else NONE
    return HeldCommitment(
        id=id,
        pools=frozenset((term.pool,) if term.pool else (pool for (pool, _), _ in places)),
        held=Held(
            hourly=cost / (HOURS_PER_DAY * len(bill.days)),
            unused_ratio=unused / cost if cost > 0 else NONE,
            discount_ratio=discount,
            family=family,
            region=region,
        ),
        rate=_rate(parts[0], term, discount, family, region),
    )


def _bound(
    parts: Iterable[CommitmentPart], term: KnownTerm, places: Collection[tuple[tuple[str, str], str | None]]
) -> tuple[str | None, str | None]:
    """The family and region it is for, None for any. What is counted in use, and not in money, is for one thing."""
    if term.family or term.region or len(places) != 1 or any(part.is_spend_based for part in parts):
        return term.family, term.region
    ((_, family), region) = next(iter(places))
    return family, region


def _rate(
    part: CommitmentPart, term: KnownTerm, discount: Decimal, family: str | None, region: str | None
) -> Rate | None:
    """The way it was bought; None where its term or its discount is not known."""
    if not term.months or not discount:
        return None
    payment = term.payment or ""
    return Rate(
        months=term.months,
        payment=payment,
        discount_ratio=discount,
        upfront_ratio=UPFRONT.get(payment, NONE),
        family=family,
        region=region,
        offer=part.kind or part.name or "Commitment",
    )
