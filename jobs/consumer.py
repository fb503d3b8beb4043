"""A consumer of the event log: what is to follow from an event, exactly once, whatever dies in between."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from bson import ObjectId

from documents.transaction import Transaction
from domain.facts.event import LoggedEvent
from jobs.context import JobContext

Take = Callable[[Transaction, JobContext, ObjectId, Sequence[LoggedEvent]], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Consumer:
    """`take` writes what follows from a batch of wanted events through the transaction, which also moves the place.

    It may run several times for one batch, so it keeps no state outside. Of two consumers the one of lower `order`
    comes first.
    """

    name: str
    order: int
    wants: Callable[[LoggedEvent], bool]
    take: Take


@cache
def consumers() -> tuple[Consumer, ...]:
    """All of them, in order."""
    # By name, because the modules there import this one.
    folder = import_module("jobs.consumers")
    modules = (import_module(f"{folder.__name__}.{found.name}") for found in iter_modules(folder.__path__))
    found = [module.CONSUMER for module in modules if hasattr(module, "CONSUMER")]
    return tuple(sorted(found, key=lambda consumer: (consumer.order, consumer.name)))
