"""Finds the controls by reading their folder; nobody keeps a list."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from domain import controls
from domain.compliance.control import Control


@cache
def all_controls() -> tuple[Control, ...]:
    """Every control, by id."""
    modules = (import_module(f"{controls.__name__}.{found.name}") for found in iter_modules(controls.__path__))
    found = [module.CONTROL for module in modules if hasattr(module, "CONTROL")]
    return tuple(sorted(found, key=lambda control: control.id))


def get_control(control_id: str) -> Control:
    """Raises KeyError for an id no control has."""
    return {control.id: control for control in all_controls()}[control_id]
