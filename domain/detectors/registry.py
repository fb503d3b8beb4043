"""Finds the detectors by reading their folder; nobody keeps a list."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from domain import detectors
from domain.detection.detector import Detector


@cache
def all_detectors() -> tuple[Detector, ...]:
    """Every detector, by id."""
    modules = (import_module(f"{detectors.__name__}.{found.name}") for found in iter_modules(detectors.__path__))
    found = [module.DETECTOR for module in modules if hasattr(module, "DETECTOR")]
    return tuple(sorted(found, key=lambda detector: detector.id))


def get_detector(detector_id: str) -> Detector:
    """Raises KeyError for an id no detector has."""
    return {detector.id: detector for detector in all_detectors()}[detector_id]
