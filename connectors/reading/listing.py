"""What a connector reads, as data: which calls, what they need, and which resources they give.

A connector is a tuple of listings; `connectors.reading.survey` reads them all in the same way.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from domain.facts.resource import Resource, ResourceKind

# The option `cadence` of operations that are asked at the cadence of costs.
COST = "cost"
# Raw JSON as the provider sent it.
Answer = Any
Item = Any
Arguments = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One call. `name` is as the catalogues print it: ec2.describe_volumes, or GET /v2/droplets.

    `service` is the family that shares a rate limit and a breaker. `permissions` are what the customer grants for it,
    `plan` what the provider offers it with, None for everybody. `absent` are the error codes or statuses ("404") by
    which the provider says that the thing is not set: no page then, and no gap. `off` are those by which it says
    that the plan or setting is missing. `request` is METHOD and path where the name is not one. `hidden` takes secrets
    out of an answer before it is kept or parsed. `options` are what else the source must know of it.
    """

    name: str
    service: str
    permissions: tuple[str, ...]
    plan: str | None = None
    absent: frozenset[str] = frozenset()
    off: frozenset[str] = frozenset()
    request: str = ""
    hidden: Callable[[Answer], Answer] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where and when something is read. `region` None is the whole account.

    `above` are the raw items of the listings this one stands under, outermost first. `since` is the start of the last
    complete read of the same listing, None before there was one: for interfaces that can tell what is new.
    """

    account_id: str
    region: str | None
    now: datetime
    since: datetime | None = None
    above: tuple[Item, ...] = ()

    def under(self, item: Item) -> "Place":
        """The place of what belongs to this item."""
        return replace(self, above=(*self.above, item))

    def inside(self, region: str | None) -> "Place":
        """The same in another region."""
        return replace(self, region=region)

    @property
    def parent(self) -> Item:
        """The item this listing stands under."""
        return self.above[-1]


def at(path: str) -> Callable[[Answer], list[Item]]:
    """The list under a dotted path of an answer; the answer itself for "". A missing or null list is empty.

    The function raises TypeError when something else than a list is there.
    """
    keys = path.split(".") if path else []

    def items(answer: Answer) -> list[Item]:
        for key in keys:
            answer = answer.get(key)
            if answer is None:
                return []
        if not isinstance(answer, list):
            raise TypeError(f"a list under {path or 'the answer'}")
        return answer

    return items


def first(path: str = "") -> Callable[[Sequence[Answer]], Any]:
    """What stands under a dotted path of the first page; None without a page or where it is missing."""
    keys = path.split(".") if path else []

    def pick(pages: Sequence[Answer]) -> Any:
        found = pages[0] if pages else None
        for key in keys:
            found = None if found is None else found.get(key)
        return found

    return pick


WHOLE = first()


def joined(path: str) -> Callable[[Sequence[Answer]], list[Item]]:
    """The lists under a dotted path of all pages, one after another."""
    items = at(path)
    return lambda pages: [item for page in pages for item in items(page)]


def nothing(_: Place) -> Arguments:
    """A listing without arguments."""
    return {}


def everywhere(item: Item) -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """One more call for each item; what `pick` takes from its pages goes into the item's details under `key`.

    A key that could not be read is left out; one that is not set is None. `applies` says which items have it.
    `place` says where it is asked when that is not where the item was listed. With `each`, what `pick` gives is a
    list, and the value is what `each` gives for every item of it; the key is left out unless all could be read.
    """

    key: str
    operation: Operation
    arguments: Callable[[Item, Place], Arguments]
    pick: Callable[[Sequence[Answer]], Any] = WHOLE
    applies: Callable[[Item], bool] = everywhere
    place: Callable[[Item, Place], Place] | None = None
    each: "Detail | None" = None

    @property
    def operations(self) -> tuple[Operation, ...]:
        """Its own, and that asked for each thing found by it."""
        return (self.operation, *(self.each.operations if self.each else ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One call for up to `size` items. `values` gives what each item gets under `key`, in the order of the items."""

    key: str
    operation: Operation
    size: int
    arguments: Callable[[Sequence[Item], Place], Arguments]
    values: Callable[[Sequence[Item], Sequence[Answer]], Sequence[Any]]
    applies: Callable[[Item], bool] = everywhere


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """How reads of a list that is asked for what is new since the last complete read are put together.

    Its items lie under the dotted `path` of an answer. Items are versions of one thing when they have the same values
    under `keys` and were listed by calls with the same arguments `within`: the newest stands for it. An older
    version leaves nothing in its place, or what `leaves` makes of it where a reader counts what a page holds.
    """

    path: str
    keys: tuple[str, ...]
    within: tuple[str, ...] = ()
    leaves: Callable[[Item], Item] | None = None


# where, the regions of the account -> the arguments of each time a list is asked.
Spread = Callable[[Place, Sequence[str]], Iterable[Arguments]]
# item, its details by key, where -> the resource; None for an item that is none of ours to keep.
Parse = Callable[[Item, Mapping[str, Any], Place], Resource | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A list, what is asked about each of its items, and the lists under each of them.

    With `kind` and `parse` it gives resources; without, its answers are kept as evidence only. `also` are the further
    kinds `parse` may give. `arguments` may give several, for a list that is asked for in several ways. `spread` makes
    them from the regions of the account instead: for a list that is asked place by place and is whole only together.
    `is_regional`: asked in every region of the account, each a part of its own. `is_window`: it shows only what is new,
    so that what it does not show is not gone. `keeps` drops items before anything is asked about them. `applies` says
    of a list under another one which items of that one have it. `volatile` are dotted paths into the config of its
    resources that move by themselves (last used, a metric): what changes there is no change of the resource. `window`:
    it is asked for what is new since the last complete read, and says how many reads become one.
    """

    operation: Operation
    items: Callable[[Answer], Iterable[Item]]
    kind: ResourceKind | None = None
    parse: Parse | None = None
    arguments: Callable[[Place], Arguments | Sequence[Arguments]] = nothing
    details: tuple[Detail, ...] = ()
    batches: tuple[Batch, ...] = ()
    children: tuple["Listing", ...] = ()
    is_regional: bool = False
    is_window: bool = False
    also: tuple[ResourceKind, ...] = ()
    spread: Spread | None = None
    volatile: frozenset[str] = frozenset()
    keeps: Callable[[Item, Place], bool] | None = None
    applies: Callable[[Place], bool] | None = None
    window: Window | None = None

    def __post_init__(self) -> None:
        if (self.kind is None) != (self.parse is None):
            raise ValueError(f"{self.operation.name} needs both a kind and a parse function, or neither")

    @property
    def is_about_costs(self) -> bool:
        """Whether it is read once a day, not with every sync: its calls cost money, or what they say moves slowly."""
        return bool(self.operation.options.get("cadence") == COST)

    @property
    def kinds(self) -> tuple[ResourceKind, ...]:
        """Of it and of everything under it."""
        own = () if self.kind is None else (self.kind,)
        return (*own, *self.also, *(kind for child in self.children for kind in child.kinds))

    @property
    def listed_kinds(self) -> tuple[ResourceKind, ...]:
        """Those of which it shows everything there is."""
        own = () if self.kind is None or self.is_window else (self.kind, *self.also)
        children = () if self.is_window else self.children
        return (*own, *(kind for child in children for kind in child.listed_kinds))

    @property
    def operations(self) -> tuple[Operation, ...]:
        """Every call it makes, its own first."""
        details = (operation for one in self.details for operation in one.operations)
        batches = (one.operation for one in self.batches)
        return (self.operation, *details, *batches, *(one for child in self.children for one in child.operations))

    @property
    def volatile_of(self) -> dict[ResourceKind, frozenset[str]]:
        """The volatile paths of each kind it and everything under it gives."""
        own = () if self.kind is None else (self.kind, *self.also)
        found = dict.fromkeys(own, self.volatile)
        for child in self.children:
            for kind, paths in child.volatile_of.items():
                found[kind] = found.get(kind, frozenset()) | paths
        return found
