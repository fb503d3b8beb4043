"""What an export has delivered: the objects of a bucket, sorted into months, each with its manifest.

A manifest is written last and names the files that belong together. Until it is there and all it names is there, too,
nothing of the month is taken.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from domain.errors import Invalid

# What a month has at most; a manifest that names more is none of a bill.
MOST_FILES = 10_000


@dataclass(frozen=True, slots=True)
class StoredObject:
    """`etag` changes with the content. `modified_at` is when it was last written, UTC."""

    key: str
    size: int
    etag: str
    modified_at: datetime

    @property
    def name(self) -> str:
        return self.key.rpartition("/")[2]


@dataclass(slots=True)
class DeliveredMonth:
    """`month` is its first day. `manifest` is None while there is none; `files` are all that lie beside it."""

    month: date
    manifest: StoredObject | None = None
    files: dict[str, StoredObject] = field(default_factory=dict)

    @property
    def mark(self) -> str:
        """Another one whenever a file of the month, or its manifest, is another one."""
        known = [*self.files.values(), *([self.manifest] if self.manifest else [])]
        lines = sorted(f"{one.key}\0{one.etag}\0{one.size}" for one in known)
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


class NotWhole(Exception):
    """What has been delivered of a month is not whole yet. The message says what is waited for."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How a provider lays an export down. Patterns give the groups `root`, `month` (with any signs) and `rest`.

    `named` reads a parsed manifest: the keys it names, each with its size or None. It raises what a wrong shape raises.
    """

    manifest: re.Pattern[str]
    data: re.Pattern[str]
    named: Callable[[Any], Mapping[str, int | None]]


def months_of(layout: Layout, objects: Iterable[StoredObject]) -> dict[date, DeliveredMonth]:
    """The months that objects belong to; what is neither manifest nor data is left out.

    Raises Invalid when there is more than one export: both would count.
    """
    found: dict[date, DeliveredMonth] = {}
    roots: set[str] = set()
    for one in objects:
        is_manifest = layout.manifest.fullmatch(one.key)
        match = is_manifest or layout.data.fullmatch(one.key)
        if not match or (month := _month(match["month"])) is None:
            continue
        roots.add(match["root"] or "")
        delivered = found.setdefault(month, DeliveredMonth(month))
        if not is_manifest:
            delivered.files[one.key] = one
        elif delivered.manifest is None or _is_later(one, delivered.manifest):
            delivered.manifest = one
    if len(roots) > 1:
        named = ", ".join(sorted(roots)[:3])
        raise Invalid(f"There is more than one export under the prefix ({named}): name one.", path=("prefix",))
    return found


def files_of(layout: Layout, delivered: DeliveredMonth, manifest: Any) -> Sequence[StoredObject]:
    """The files that a parsed manifest names, in the order of their keys. Raises NotWhole."""
    try:
        named = layout.named(manifest)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise NotWhole("a manifest that can be read") from error
    if not named or len(named) > MOST_FILES:
        raise NotWhole("a manifest that names the files of the month")
    return [_whole(delivered, key, size) for key, size in sorted(named.items())]


def _whole(delivered: DeliveredMonth, key: str, size: int | None) -> StoredObject:
    found = delivered.files.get(key)
    if found is None:
        raise NotWhole(f"the file {key.rpartition('/')[2]}, which the manifest names")
    if size is not None and found.size != size:
        raise NotWhole(f"all {size} bytes of {found.name}")
    if delivered.manifest is not None and found.modified_at > delivered.manifest.modified_at:
        raise NotWhole(f"the manifest: {found.name} is newer than it")
    return found


def _is_later(one: StoredObject, other: StoredObject) -> bool:
    """Of two written in the same second the shorter key is the one that tells of the newest run."""
    return (one.modified_at, -len(one.key)) > (other.modified_at, -len(other.key))


def _month(text: str) -> date | None:
    digits = re.sub(r"\D", "", text)
    try:
        return date(int(digits[:4]), int(digits[4:6]), 1)
    except ValueError:
        return None
