"""For what a resource is there, by its tag. No rules here."""

from collections.abc import Iterable

from domain.facts.resource import Resource

TAG = "environment"


def environment(resource: Resource) -> str:
    """The value of its tag `environment`, however it is written, in small letters; empty without one."""
    return next((value.strip().lower() for key, value in resource.tags.items() if key.lower() == TAG), "")


def is_development(resource: Resource, dev_values: Iterable[str]) -> bool:
    """Whether the tag has one of these values."""
    return environment(resource) in {value.lower() for value in dev_values}
