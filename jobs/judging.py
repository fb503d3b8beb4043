"""Judges an account from the store, a batch of one kind at a time, so that memory never holds all of it."""

import asyncio
from collections import ChainMap
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, cast

from bson import ObjectId

from auth.scope import scope_of_job
from documents.account import Account
from documents.resource import fact_of, present_resources, resources_named
from documents.resource_bill import ResourceBills, resource_bills
from documents.rule_setting import Choices, choices
from domain.costs.billed_resource import bills_of
from domain.facts.inventory import Listed
from domain.facts.money import Money
from domain.facts.resource import Resource, ResourceKind
from domain.findings import FindingKey
from domain.rules.judgement import JudgedInventory, Judgement, Verdict, judge_resources
from domain.rules.registry import all_rules
from domain.rules.rule import Rule, RuleContext
from jobs.queue import SYNC_ACCOUNT

Key = tuple[ResourceKind, str]
Row = Mapping[str, Any]
# kind, region, native id
HasSeen = Callable[[ResourceKind, str | None, str], bool]


class Related(Mapping[Key, Resource]):
    """What rules look up beside the resource they judge.

    A rule is pure, so it may ask in vain the first time: what it asked for is loaded, and it judges again.
    """

    def __init__(self, account: Account, kinds: Iterable[ResourceKind], has_seen: HasSeen) -> None:
        self._account, self._kinds, self._has_seen = account, sorted(set(kinds)), has_seen
        self._rows: dict[Key, Row] = {}
        self._asked: set[Key] = set()
        self._missed: set[Key] = set()
        self._is_walked = self._is_whole = False

    def __getitem__(self, key: Key) -> Resource:
        if key not in self._rows:
            self._missed.add(key)
        return fact_of(self._rows[key])

    def __iter__(self) -> Iterator[Key]:
        self._is_walked = True
        return iter(self._rows)

    def __len__(self) -> int:
        self._is_walked = True
        return len(self._rows)

    async def load(self) -> bool:
        """Load what was asked for in vain; whether there is something that was not known before.

        Rules that walk over everything get all resources of the kinds they say they also read.
        """
        before = len(self._rows)
        if self._is_walked and not self._is_whole:
            for kind in self._kinds:
                async for rows in present_resources(self._account, kind):
                    self._take(rows)
            self._is_whole = True
        wanted, self._missed = self._missed - self._asked - self._rows.keys(), set()
        self._asked |= wanted
        if wanted:
            self._take(await resources_named(self._account, wanted))
        return len(self._rows) > before

    def emptied(self) -> "Related":
        """For the next batch: what was looked up for single resources makes room."""
        return self if self._is_whole else Related(self._account, self._kinds, self._has_seen)

    def _take(self, rows: Iterable[Row]) -> None:
        for row in rows:
            kind, native_id = ResourceKind(row["kind"]), row["native_id"]
            if self._has_seen(kind, row["region"], native_id):
                self._rows[kind, native_id] = row


@dataclass(slots=True)
class Judged:
    """`rows` are the ids of the resources that a rule fires on."""

    inventory: JudgedInventory
    rows: dict[Key, ObjectId] = field(default_factory=dict)


async def judge_account(
    account: Account,
    coverage: Listed,
    has_seen: HasSeen,
    known: Collection[FindingKey],
    at: datetime,
    kinds: Collection[ResourceKind] | None = None,
) -> Judged:
    """Judges what the sync has seen, by what the account's own organization has chosen for each rule.

    Of judgements that do not fire it keeps those of `known` findings. With `kinds` only the rules are tried that look
    at one of them.
    """
    basis = await _basis(account, at)
    tried = all_rules() if kinds is None else [rule for rule in all_rules() if not kinds_of(rule).isdisjoint(kinds)]
    rules = tuple(rule for rule in tried if rule.id not in basis.choices.off)
    judged = Judged(JudgedInventory(snapshot=coverage, rules=rules, judgements=(), off=basis.choices.off))
    kept: list[Judgement] = []
    for kind in sorted({rule.applies_to for rule in rules}):
        own = [rule for rule in rules if rule.applies_to is kind]
        related = Related(account, (other for rule in own for other in rule.also_reads), has_seen)
        async for batch in present_resources(account, kind):
            rows = {row["native_id"]: row for row in batch if has_seen(kind, row["region"], row["native_id"])}
            related = related.emptied()
            for one in await _judged(own, list(rows.values()), coverage, related, basis):
                native_id = one.resource.native_id
                if one.verdict is Verdict.FIRES:
                    judged.rows[kind, native_id] = rows[native_id]["_id"]
                elif FindingKey(str(account.id), one.rule.id, native_id) not in known:
                    continue
                kept.append(one)
    return replace(judged, inventory=replace(judged.inventory, judgements=tuple(kept)))


def kinds_of(rule: Rule) -> frozenset[ResourceKind]:
    """Those of the resources that a rule judges, and of those that it looks up beside them."""
    return frozenset({rule.applies_to, *rule.also_reads})


@dataclass(frozen=True, slots=True)
class _Basis:
    """What all of an account is judged by."""

    at: datetime
    choices: Choices
    bills: ResourceBills


async def _basis(account: Account, at: datetime) -> _Basis:
    scope = scope_of_job(SYNC_ACCOUNT, str(account.org_id))
    return _Basis(at, await choices(account.org_id), await resource_bills(scope, account, at.date()))


async def _judged(
    rules: Sequence[Rule], rows: Sequence[Row], coverage: Listed, related: Related, basis: _Basis
) -> list[Judgement]:
    changed_at = {row["native_id"]: row["changed_at"] for row in rows if row.get("changed_at") is not None}
    facts = [fact_of(row) for row in rows]
    # What else a rule looks up is known by the names of the bill alone.
    bills = ChainMap(bills_of(facts, basis.bills.total), cast("dict[str, Money]", basis.bills.total))
    support = bills_of(facts, basis.bills.support)
    context = RuleContext(now=basis.at, changed_at=changed_at, resources=related, bills=bills, support_bills=support)
    while True:
        judgements = await asyncio.to_thread(judge_resources, rules, facts, coverage, context, basis.choices.chosen)
        if not await related.load():
            return judgements
