"""What was read of one connected system, as procedures look at it: whole, or not to be looked at."""

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from domain.errors import CloudWatcherError
from domain.facts.compliance import Integration


class Unread(CloudWatcherError):
    """Something a procedure needs was not read in whole: nothing may be said about what it hides."""

    def __init__(self, operation: str, reason: str) -> None:
        super().__init__(f"{operation}: {reason}")
        self.operation, self.reason = operation, reason


class NotOffered(Unread):
    """The provider does not offer the call with this plan or setting, so that nothing can ever be read by it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call that was answered. `arguments` are those it was made with; `pages` the answers, first page first.

    `region` None is the whole account.
    """

    operation: str
    region: str | None
    arguments: Mapping[str, Any]
    pages: tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """The answers of one account, by operation as the catalogues print it.

    `account` is its native id. `whole` are the operations that were read to their end everywhere; `unread` says of the
    others why not; `off` are those that the provider does not offer with this plan or setting. `read_at` is when the
    oldest of it was read, `read_by` when the oldest of each operation was. `joined`
    are the operations whose calls are those of many reads, each of which began where the one before had: between the
    oldest of them and the newest nothing is missing.
    """

    integration: Integration
    account: str
    read_at: datetime
    by_operation: Mapping[str, tuple[Call, ...]]
    whole: AbstractSet[str]
    unread: Mapping[str, str] = field(default_factory=dict)
    off: AbstractSet[str] = frozenset()
    read_by: Mapping[str, datetime] = field(default_factory=dict)
    joined: AbstractSet[str] = frozenset()

    def was_read_at(self, operation: str) -> datetime:
        """When the oldest of its answers was read."""
        return self.read_by.get(operation, self.read_at)

    def is_off(self, operation: str) -> bool:
        """Whether the provider says that the plan or setting behind the call is missing."""
        return operation in self.off

    def calls(self, operation: str) -> tuple[Call, ...]:
        """Every time it was asked. Raises NotOffered or Unread unless all of it was read."""
        if operation in self.off:
            raise NotOffered(operation, self.unread.get(operation, "not offered with this plan or setting"))
        if operation not in self.whole or operation in self.unread:
            raise Unread(operation, self.unread.get(operation, "was not read"))
        return self.by_operation.get(operation, ())

    def asked(self, operation: str, **arguments: Any) -> tuple[Call, ...]:
        """The calls with these arguments, where the verdict hangs on one having been made. Raises Unread for none."""
        found = tuple(call for call in self.calls(operation) if _has(call, arguments))
        if not found:
            wanted = ", ".join(f"{name} {value}" for name, value in arguments.items())
            raise Unread(operation, f"was not asked for {wanted}" if wanted else "was not asked")
        return found

    def offered(self, operation: str, **arguments: Any) -> tuple[Call, ...]:
        """The same, of an operation that the plan may lack in part: what of it was answered was read in whole.

        Raises NotOffered where the plan lacks what has these arguments, and as `asked` otherwise.
        """
        if operation not in self.off:
            return self.asked(operation, **arguments)
        found = tuple(call for call in self.by_operation.get(operation, ()) if _has(call, arguments))
        return found or self.calls(operation)

    def by(self, operation: str, argument: str) -> dict[Any, tuple[Any, ...]]:
        """The pages of all calls by the value of this argument, for what is asked about each thing of a long list."""
        found: dict[Any, tuple[Any, ...]] = {}
        for call in self.calls(operation):
            value = call.arguments[argument]
            found[value] = (*found.get(value, ()), *call.pages)
        return found

    def items(self, operation: str, path: str = "") -> Iterator[Any]:
        """What the lists under a dotted path of all pages of all calls hold. Raises as `calls`, and TypeError."""
        for call in self.calls(operation):
            for page in call.pages:
                yield from listed(page, path)

    def located(self, operation: str, path: str = "") -> Iterator[tuple[str | None, Any]]:
        """The same, each with the region it was listed in."""
        for call in self.calls(operation):
            for page in call.pages:
                for item in listed(page, path):
                    yield call.region, item

    def under(self, operation: str, path: str, **arguments: Any) -> list[Any]:
        """What the calls with these arguments have listed under a dotted path."""
        asked = (call for call in self.calls(operation) if _has(call, arguments))
        return [item for call in asked for page in call.pages for item in listed(page, path)]

    def answer(self, operation: str, *, region: str | None = None, **arguments: Any) -> Any:
        """The first page of the call with these arguments, in this region where one is named.

        None where the provider says that nothing of the kind is set. Raises as `calls`.
        """
        for call in self.calls(operation):
            if region in (None, call.region) and _has(call, arguments):
                return call.pages[0] if call.pages else None
        return None


def listed(page: Any, path: str = "") -> list[Any]:
    """The list under a dotted path; empty where it is missing or null. Raises TypeError for another shape."""
    for key in path.split(".") if path else ():
        page = page.get(key)
        if page is None:
            return []
    if not isinstance(page, list):
        raise TypeError(f"a list under {path or 'the answer'}")
    return page


def calls_of(operation: str, pages: Iterable[Any], *, region: str | None = None, **arguments: Any) -> Call:
    """One call; for answers that are not read from a provider."""
    return Call(operation=operation, region=region, arguments=arguments, pages=tuple(pages))


def _has(call: Call, arguments: Mapping[str, Any]) -> bool:
    return all(call.arguments.get(name) == value for name, value in arguments.items())
