"""Judges an account from the store, a batch of one kind at a time, so that memory never holds all of it."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bson import ObjectId

from documents.account import Account
from documents.resource import fact_of, present_resources
from domain.facts.inventory import Coverage
from domain.facts.resource import Resource, ResourceKind
from domain.findings import FindingKey
from domain.rules.judgement import JudgedInventory, Judgement, Verdict, judge_resources
from domain.rules.registry import all_rules
from domain.rules.rule import Rule, RuleContext

Key = tuple[ResourceKind, str]
HasSeen = Callable[[ResourceKind, str], bool]


class _Looked(Mapping[Key, Resource]):
    """Stored rows that become resources when a rule looks at them."""

    def __init__(self, rows: Mapping[Key, Mapping[str, Any]]) -> None:
        self._rows = rows

    def __getitem__(self, key: Key) -> Resource:
        return fact_of(self._rows[key])

    def __iter__(self) -> Iterator[Key]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)


@dataclass(slots=True)
class Judged:
    """`rows` are the ids of the resources that a rule fires on."""

    inventory: JudgedInventory
    rows: dict[Key, ObjectId] = field(default_factory=dict)


async def judge_account(
    account: Account, coverage: Coverage, has_seen: HasSeen, known: Collection[FindingKey], at: datetime
) -> Judged:
    """Judges what the sync has seen. Of judgements that do not fire it keeps those of `known` findings."""
    rules = all_rules()
    kept: list[Judgement] = []
    rows: dict[Key, ObjectId] = {}
    for kind in sorted({rule.applies_to for rule in rules}):
        own = [rule for rule in rules if rule.applies_to is kind]
        related: _Looked | None = None
        async for batch in present_resources(account, kind):
            seen = [row for row in batch if has_seen(kind, row["native_id"])]
            if related is None:
                related = await _related(account, own, has_seen)
            judgements = await asyncio.to_thread(_judge, own, seen, coverage, related, at)
            ids = {row["native_id"]: row["_id"] for row in seen}
            for one in judgements:
                native_id = one.resource.native_id
                if one.verdict is Verdict.FIRES:
                    rows[kind, native_id] = ids[native_id]
                elif FindingKey(str(account.id), one.rule.id, native_id) not in known:
                    continue
                kept.append(one)
    return Judged(JudgedInventory(snapshot=coverage, rules=rules, judgements=tuple(kept)), rows)


def _judge(
    rules: Iterable[Rule], rows: Collection[Mapping[str, Any]], coverage: Coverage, related: _Looked, at: datetime
) -> list[Judgement]:
    changed_at = {row["native_id"]: row["changed_at"] for row in rows if row.get("changed_at") is not None}
    context = RuleContext(now=at, changed_at=changed_at, resources=related)
    return judge_resources(rules, [fact_of(row) for row in rows], coverage, context)


async def _related(account: Account, rules: Iterable[Rule], has_seen: HasSeen) -> _Looked:
    """What the rules may look up beside the resource they judge."""
    kinds = {kind for rule in rules for kind in (*rule.also_reads, *rule.looks_up)}
    rows: dict[Key, Mapping[str, Any]] = {}
    for kind in sorted(kinds):
        async for batch in present_resources(account, kind):
            rows.update({(kind, row["native_id"]): row for row in batch if has_seen(kind, row["native_id"])})
    return _Looked(rows)
