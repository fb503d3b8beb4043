"""The canonical form of audit entries and their hashes, stated so that anybody can compute them again."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

# The name of this way to write an entry down. It is part of every hash, so that another way can follow one day.
ENTRY_FORM = "cloudwatcher-audit-entry-1"
# What stands as `prev_hash` in the first entry of a chain.
GENESIS = "0" * 64

# The fields of an entry that its hash covers, besides `form`.
FIELDS = (
    "org_id",
    "seq",
    "at",
    "action",
    "actor",
    "acting_for",
    "address",
    "user_agent",
    "request_id",
    "target",
    "outcome",
    "reason",
    "changed",
    "before_digest",
    "after_digest",
    "prev_hash",
)


def canonical(value: Any) -> bytes:
    r"""The value as canonical JSON.

    UTF-8 without byte order mark; no white space between tokens; the members of every object sorted by the code points
    of their names; in strings only the quotation mark, the backslash and the characters below U+0020 are escaped, as
    \" \\ \b \t \n \f \r and otherwise \u00xx with small digits. Integers are written in decimal digits. For
    objects of strings, integers, nulls and lists of these this is RFC 8785. An instant is the string that `instant`
    makes; what JSON does not know (decimals, ids) is its text, a set its sorted list.
    """
    return _ENCODER.encode(value).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    return sorted(map(str, value)) if isinstance(value, set | frozenset) else str(value)


_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_plain)


def instant(at: datetime) -> str:
    """An aware instant in UTC with milliseconds, e.g. 2026-11-26T09:06:05.123Z; finer parts of it are cut off."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def digest(value: Any) -> str:
    """SHA-256 of the canonical form, as 64 small hex digits."""
    return hashlib.sha256(canonical(value)).hexdigest()


@dataclass(frozen=True, slots=True)
class LinkForm:
    """How the links of one kind of chain are written down: `fields` are what the hash covers, besides `name`.

    `head` is the form of what is signed of the end of such a chain.
    """

    name: str
    fields: tuple[str, ...]
    head: str

    def members(self, link: Mapping[str, Any]) -> dict[str, Any]:
        """What of a stored link is hashed: `form` and every field, ids and instants as strings."""
        members = {name: link[name] for name in self.fields}
        return {"form": self.name, **members, "org_id": str(link["org_id"]), "at": instant(link["at"])}

    def hash(self, link: Mapping[str, Any]) -> str:
        """SHA-256 over the canonical form of its members, among them the hash of the link before."""
        return digest(self.members(link))


AUDIT_LINK = LinkForm(ENTRY_FORM, FIELDS, "cloudwatcher-audit-head-1")


def entry_members(entry: Mapping[str, Any]) -> dict[str, Any]:
    """What of a stored entry is hashed: `form` and every field of FIELDS, ids and instants as strings."""
    return AUDIT_LINK.members(entry)


def entry_hash(entry: Mapping[str, Any]) -> str:
    """The hash of an entry: SHA-256 over the canonical form of its members, among them the hash of the one before."""
    return digest(entry_members(entry))


def changed_fields(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> list[str]:
    """The names of the fields that differ, sorted; all of them when something begins or ends."""
    old, new = before or {}, after or {}
    names = old.keys() | new.keys()
    if before is None or after is None:
        return sorted(names)
    return sorted(name for name in names if name not in old or name not in new or old[name] != new[name])
