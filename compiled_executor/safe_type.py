"""Classes whose instances are known to be plain values: never awaitable, never an error, whatever instance it is."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from types import AsyncGeneratorType, CoroutineType, GeneratorType
from typing import Any
from uuid import UUID

# Values of these go straight through. Classes of objects are learned as they are met. None is not in it: it is null.
SAFE: set[type] = {bool, bytes, date, datetime, Decimal, dict, float, int, list, str, time, timedelta, tuple, UUID}
# Classes made anew for each request would fill the memory; such a program gains nothing here and loses nothing.
MOST_CLASSES = 10_000

_STREAMING = (AsyncGeneratorType, CoroutineType, GeneratorType)


def learn(value: Any) -> None:
    """Remember the class of a value if all its instances must be plain.

    graphql-core asks each value whether it has `__await__`. That is a question about the class, unless the class
    answers for names of its own accord. An `__await__` put on one instance alone is not seen, nor by Python's await.
    """
    cls = type(value)
    if len(SAFE) < MOST_CLASSES and cls is not type(None) and _is_safe(cls):
        SAFE.add(cls)


def _is_safe(cls: type) -> bool:
    if issubclass(cls, (BaseException, *_STREAMING)) or hasattr(cls, "__await__"):
        return False
    if hasattr(cls, "__getattr__") or cls.__getattribute__ is not object.__getattribute__:
        return False
    return not any("__class__" in vars(base) for base in cls.__mro__[:-1])
