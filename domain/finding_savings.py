"""Which savings count: what mends one resource is often mended by more than one rule, and saves its cost only once."""

from collections import defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Generic, TypeVar

Id = TypeVar("Id", bound=Hashable)


@dataclass(frozen=True, slots=True)
class ExpectedSaving(Generic[Id]):
    """What mending one open finding about costs would save a month, and on which resource. Ids have an order."""

    id: Id
    resource: Hashable
    amount: Decimal
    currency: str


def outdone(savings: Iterable[ExpectedSaving[Id]]) -> set[Id]:
    """The ids of those that do not count, because another one on the same resource saves more.

    Of equal ones the first by its id counts. Amounts in two currencies are not compared: a sum is always of one
    currency, and in it each resource counts once.
    """
    of_resource: dict[tuple[Hashable, str], list[ExpectedSaving[Id]]] = defaultdict(list)
    for saving in savings:
        of_resource[saving.resource, saving.currency].append(saving)
    beaten: set[Id] = set()
    for rivals in of_resource.values():
        highest = max(saving.amount for saving in rivals)
        winner = min(saving.id for saving in rivals if saving.amount == highest)  # type: ignore[type-var]  # ids have an order
        beaten |= {saving.id for saving in rivals if saving.id != winner}
    return beaten
