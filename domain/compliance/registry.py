"""Finds the controls, and the checks of bundles, by reading their folders; nobody keeps a list."""

from collections.abc import Collection
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from domain.compliance.bundle import all_bundles
from domain.compliance.bundled import as_control
from domain.compliance.control import Control

# By name: the controls import this package, so that it cannot import theirs.
FOLDER = "domain.controls"
BUNDLED = "domain.bundled"


@cache
def all_controls() -> tuple[Control, ...]:
    """Every control of the catalogue, by id."""
    modules = (import_module(f"{FOLDER}.{found.name}") for found in iter_modules(import_module(FOLDER).__path__))
    found = [module.CONTROL for module in modules if hasattr(module, "CONTROL")]
    return tuple(sorted(found, key=lambda control: control.id))


@cache
def bundled_controls() -> tuple[Control, ...]:
    """Every check of a bundle, by id. What no file judges says why nothing can be told."""
    names = [found.name for found in iter_modules(import_module(BUNDLED).__path__)]
    judged = {name: import_module(f"{BUNDLED}.{name}").PROCEDURES for name in names}
    found = [
        as_control(bundle.id, check, judged.get(check.id.lower().replace("-", "_"), ()))
        for bundle in all_bundles()
        for check in bundle.check
    ]
    return tuple(sorted(found, key=lambda control: control.id))


def controls_with(bundles: Collection[str]) -> tuple[Control, ...]:
    """What is judged where these bundles are switched on: the catalogue, and then their checks."""
    return (*all_controls(), *(control for control in bundled_controls() if control.bundle in bundles))


@cache
def _by_id() -> dict[str, Control]:
    return {control.id: control for control in all_controls()}


def get_control(control_id: str) -> Control:
    """Raises KeyError for an id no control has."""
    return _by_id()[control_id]
