"""Which open finding, if any, would mend what a check has found: found by what both are named by, never guessed."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from bson import ObjectId
from pymongo import ASCENDING

from documents.finding import Finding
from documents.resource import Resource
from domain.compliance.mending import BY_ACCOUNT, BY_NAME, BY_NATIVE_ID, Mend, mends_of
from domain.facts.compliance import Integration
from domain.facts.finding import FindingState
from domain.facts.scope import Scope
from domain.rules.registry import get_rule


class Faulty(NamedTuple):
    """A thing that does not pass in a check of this control, system and account."""

    control_id: str
    integration: Integration
    account_id: ObjectId
    resource: str
    observed: str


# Account, rule, and what the resource is named by; None where any resource will do.
_Wanted = tuple[ObjectId, str, str | None]


async def findings_that_mend(scope: Scope, faulty: Sequence[Faulty]) -> list[Any]:
    """For each thing the open finding whose remedy makes it pass, as a row; None where there is none in this scope.

    Of several the worst. Four reads at most, however many things are asked about.
    """
    mends = [list(_mends(one)) for one in faulty]
    pairs = [(one, mend) for one, own in zip(faulty, mends, strict=True) for mend in own]
    named = await _native_ids(scope, pairs)
    wanted = [_wanted(one, sorted(own, key=_worst_first), named) for one, own in zip(faulty, mends, strict=True)]
    found = await _open_findings(scope, {key for keys in wanted for key in keys})
    ids = [next((found[key] for key in keys if key in found), None) for keys in wanted]
    rows = await Finding.rows_by_id(scope, {id for id in ids if id is not None})
    return [None if id is None else rows.get(id) for id in ids]


def _mends(faulty: Faulty) -> Iterator[Mend]:
    """Those whose outcome is foreseen, which name the thing they mend."""
    for mend in mends_of(faulty.control_id):
        if mend.item is not None and mend.integration is faulty.integration and mend.is_mended(faulty.observed):
            yield mend


def _worst_first(mend: Mend) -> tuple[int, str]:
    rule = get_rule(mend.rule_id)
    return rule.severity.rank, rule.id


async def _native_ids(
    scope: Scope, pairs: Sequence[tuple[Faulty, Mend]]
) -> Mapping[tuple[ObjectId, str, str], str | None]:
    """The native ids of things that are called by name, by account, kind and name; None where several are called so."""
    asked = {
        (one.account_id, get_rule(mend.rule_id).applies_to.value, one.resource)
        for one, mend in pairs
        if mend.item == BY_NAME
    }
    if not asked:
        return {}
    accounts, kinds, names = (sorted({key[part] for key in asked}) for part in range(3))
    query = {**Resource.within(scope), "account_id": {"$in": accounts}, "kind": {"$in": kinds}, "is_gone": False}
    found: dict[tuple[ObjectId, str, str], str | None] = {}
    fields = {"_id": 0, "account_id": 1, "kind": 1, "name": 1, "native_id": 1}
    async for raw in Resource.rows().find({**query, "name": {"$in": names}}, fields):
        key = (raw["account_id"], raw["kind"], raw["name"])
        found[key] = None if key in found else raw["native_id"]
    return found


def _wanted(
    faulty: Faulty, mends: Sequence[Mend], named: Mapping[tuple[ObjectId, str, str], str | None]
) -> list[_Wanted]:
    """Which findings would be the ones; without those of which nothing tells which resource it is."""
    found: list[_Wanted] = []
    for mend in mends:
        if mend.item == BY_NATIVE_ID:
            found.append((faulty.account_id, mend.rule_id, mend.native_id_of(faulty.resource)))
        elif mend.item == BY_NAME:
            native_id = named.get((faulty.account_id, get_rule(mend.rule_id).applies_to.value, faulty.resource))
            found += [] if native_id is None else [(faulty.account_id, mend.rule_id, native_id)]
        elif mend.item in (BY_ACCOUNT, faulty.resource):
            found.append((faulty.account_id, mend.rule_id, None))
    return found


async def _open_findings(scope: Scope, wanted: set[_Wanted]) -> Mapping[_Wanted, ObjectId]:
    """The ids of open findings, by what was asked for; where any resource will do, the first one."""
    found: dict[_Wanted, ObjectId] = {}
    for keys in ({key for key in wanted if key[2] is not None}, {key for key in wanted if key[2] is None}):
        if not keys:
            continue
        query = {
            **Finding.within(scope),
            "account_id": {"$in": sorted({key[0] for key in keys})},
            "rule_id": {"$in": sorted({key[1] for key in keys})},
            "state": FindingState.OPEN.value,
        }
        native_ids = sorted({key[2] for key in keys if key[2] is not None})
        query |= {"resource_native_id": {"$in": native_ids}} if native_ids else {}
        fields = {"account_id": 1, "rule_id": 1, "resource_native_id": 1}
        async for raw in Finding.rows().find(query, fields).sort("_id", ASCENDING):
            native_id = raw["resource_native_id"] if native_ids else None
            found.setdefault((raw["account_id"], raw["rule_id"], native_id), raw["_id"])
    return found
