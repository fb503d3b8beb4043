"""Finds the controls by reading their folder; nobody keeps a list."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from domain.compliance.control import Control

# By name: the controls import this package, so that it cannot import theirs.
FOLDER = "domain.controls"


@cache
def all_controls() -> tuple[Control, ...]:
    """Every control, by id."""
    modules = (import_module(f"{FOLDER}.{found.name}") for found in iter_modules(import_module(FOLDER).__path__))
    found = [module.CONTROL for module in modules if hasattr(module, "CONTROL")]
    return tuple(sorted(found, key=lambda control: control.id))


@cache
def _by_id() -> dict[str, Control]:
    return {control.id: control for control in all_controls()}


def get_control(control_id: str) -> Control:
    """Raises KeyError for an id no control has."""
    return _by_id()[control_id]
