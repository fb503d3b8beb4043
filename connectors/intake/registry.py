"""Finds the ways in which events are pushed: modules of `ways/` with a RECEIVER."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from connectors.intake import ways
from connectors.intake.receiver import Receiver
from domain.errors import Invalid
from domain.facts.intake import IntakeWay


@cache
def receivers() -> dict[IntakeWay, Receiver]:
    """All of them by way."""
    modules = (import_module(f"{ways.__name__}.{found.name}") for found in iter_modules(ways.__path__))
    found = [module.RECEIVER for module in modules if hasattr(module, "RECEIVER")]
    return {receiver.way: receiver for receiver in found}


def receiver_of(way: IntakeWay) -> Receiver:
    """The one of a way. Raises Invalid for a way that is pulled."""
    if way not in receivers():
        raise Invalid(f"{way.value} is not a way that is pushed to us.")
    return receivers()[way]
