"""Foresees what mending one finding does to controls and scores, by what is stored of them. It changes nothing."""

from collections.abc import Collection, Mapping
from typing import Any

from bson import ObjectId

from documents.account import Account
from documents.check import Check
from documents.compliance_settings import ComplianceSettings, compliance_settings
from documents.control_status import statuses_in
from documents.finding import Finding
from documents.framework import frameworks_of
from documents.rule_status import rule_statuses
from domain.compliance.control import Item
from domain.compliance.framework import Framework
from domain.compliance.mending import Named, controls_mended_by
from domain.compliance.score_change import CheckNow, Fault, Outlook, Present, outlook_of
from domain.facts.compliance import CheckStatus, Integration, Verdict
from domain.facts.finding import FindingState

_COUNTED = dict.fromkeys(("control_id", "integration", "account_id", "status", "counts", "parameters"), 1)


async def outlook_of_finding(account: Account, finding: Finding, name: str) -> Outlook | None:
    """What mending a finding does, by what the checks say now; `name` is that of its resource.

    None where its rule mends no control, and no framework the organization is held to names it.
    """
    org_id, rule_id = ObjectId(finding.org_id), finding.rule_id
    settings = await compliance_settings(org_id)
    frameworks = [one for one in await frameworks_of(org_id) if one.id in settings.adopted]
    named = frozenset(rule for one in frameworks for rule in one.findings)
    if rule_id not in named and not controls_mended_by(rule_id):
        return None
    present = await _present(settings, frameworks, named, account, controls_mended_by(rule_id))
    resource = Named(finding.resource_native_id, name, account.native_id or "")
    if rule_id not in named:
        return outlook_of(present, Fault(rule_id=rule_id, resource=resource))
    after = await rule_statuses(org_id, [rule_id], without=finding.id)
    others = {"org_id": org_id, "rule_id": rule_id, "state": FindingState.OPEN.value, "_id": {"$ne": finding.id}}
    left = await Finding.rows().count_documents(others)
    fault = Fault(rule_id=rule_id, resource=resource, rule_after=after[rule_id], findings_left=left)
    return outlook_of(present, fault)


async def _present(
    settings: ComplianceSettings,
    frameworks: list[Framework],
    named: Collection[str],
    account: Account,
    control_ids: Collection[str],
) -> Present:
    org_id = ObjectId(settings.org_id)
    statuses = {**await statuses_in(org_id), **await rule_statuses(org_id, named)}
    checks = await _checks(org_id, account, control_ids)
    return Present(controls=settings.controls, frameworks=frameworks, statuses=statuses, checks=checks)


async def _checks(org_id: ObjectId, account: Account, control_ids: Collection[str]) -> list[CheckNow]:
    """What every procedure says of these controls, with the things that were looked at in the account."""
    query = {"org_id": org_id, "control_id": {"$in": sorted(control_ids)}}
    here = {"account_id": account.id}
    items = {raw["_id"]: raw["items"] async for raw in Check.rows().find({**query, **here}, {"items": 1})}
    return [
        CheckNow(
            control_id=raw["control_id"],
            integration=Integration(raw["integration"]),
            status=CheckStatus(raw["status"]),
            counts={Verdict(verdict): count for verdict, count in raw["counts"].items()},
            is_here=raw["_id"] in items,
            items=[_item(item) for item in items.get(raw["_id"], ())],
            parameters=raw["parameters"],
        )
        async for raw in Check.rows().find(query, _COUNTED)
    ]


def _item(raw: Mapping[str, Any]) -> Item:
    return Item(raw["resource"], Verdict(raw["verdict"]), raw["observed"], raw["expected"])
