"""Finds the vendors by scanning the folders; nobody keeps a list."""

import importlib
import importlib.util
import pkgutil
from functools import cache

from connectors import clouds, systems
from connectors.reading.source import Registration
from domain.facts.provider import Provider


@cache
def registrations() -> dict[Provider, Registration]:
    """Every vendor: the REGISTRATION of `connectors/<kind>/<vendor>/registration.py`.

    Imports the libraries of all vendors.
    """
    found = {}
    for folder in (clouds, systems):
        for vendor in pkgutil.iter_modules(folder.__path__, f"{folder.__name__}."):
            if importlib.util.find_spec(f"{vendor.name}.registration"):
                module = importlib.import_module(f"{vendor.name}.registration")
                registration: Registration = module.REGISTRATION
                found[registration.provider] = registration
    return found


@cache
def registration_of(provider: Provider) -> Registration | None:
    """One vendor, without importing the libraries of the others: its folder has the provider's name. None: no such."""
    for folder in (clouds, systems):
        name = f"{folder.__name__}.{provider.value.lower()}"
        if importlib.util.find_spec(name) and importlib.util.find_spec(f"{name}.registration"):
            registration: Registration = importlib.import_module(f"{name}.registration").REGISTRATION
            return registration
    return None
