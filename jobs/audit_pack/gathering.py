"""Gathers what an audit pack says of a period, control by control, and writes the tables of checks meanwhile."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from pathlib import Path

from beanie import PydanticObjectId
from bson import ObjectId

from documents.account import CONNECTED_STATES, Account
from documents.audit_pack import AuditPack
from documents.check_items import items_before
from documents.compliance_settings import compliance_settings, controls_in_force
from documents.control_owner import owners_of
from documents.control_status import statuses_in
from documents.evidence_chain import control_records
from documents.framework import frameworks_of
from documents.organization import find_organization
from documents.rule_status import rule_statuses
from documents.score_day import statuses_at
from domain.compliance.audit_report import (
    EMPTY,
    AuditReport,
    Condition,
    ControlPart,
    Exceptions,
    FrameworkPart,
    History,
    ItemSpell,
    RequirementPart,
)
from domain.compliance.bundled import serves
from domain.compliance.control import Control
from domain.compliance.framework import Framework
from domain.compliance.frameworks import find_framework
from domain.compliance.registry import all_controls
from domain.compliance.score import Statuses, score_of, standing_of, weights_of
from domain.compliance.spells import MOST_ITEMS, CheckFolder, ItemFolder
from domain.facts.compliance import CheckStatus, Integration
from domain.facts.governance import OwnerRole
from domain.facts.scope import Scope
from jobs.audit_pack.place import Place
from jobs.audit_pack.registers import write_attestations, write_exceptions, write_policies
from jobs.audit_pack.tables import CHECK_HEADS, EXCEPTION_HEADS, ITEM_HEADS, CsvFile, check_cells, item_cells

Told = Callable[[int, int], Awaitable[None]]
PAST_NOTE = (
    "The period is over: statuses are those of the end of its last day on which scores were kept. Findings of rules "
    "are not kept by day, so what they alone answer counts as not assessed."
)


async def gather(scope: Scope, pack: AuditPack, folder: Path, now: datetime, told: Told) -> AuditReport:
    """The report; what is long is written into tables in the folder on the way."""
    org_id = PydanticObjectId(pack.org_id)
    accounts = await Account.list_in(scope, {}, limit=0)
    place = Place(org_id, pack.first, pack.until, folder, {one.id: _named(one) for one in accounts})
    frameworks = await _frameworks(org_id, pack.frameworks)
    statuses, is_past = await _statuses(org_id, frameworks, pack.until, now)
    controls = await _controls(place, frameworks, statuses, told)
    organization = await find_organization(org_id)
    records = sum(part.history.checks for part in controls)
    return AuditReport(
        organization=organization.name if organization else "",
        first=pack.first,
        until=pack.until,
        made_at=now,
        read_at=min(now, pack.until),
        accounts=sorted(_named(one) for one in accounts if one.state in CONNECTED_STATES),
        frameworks=[_framework(one, statuses) for one in frameworks],
        controls=controls,
        records=records,
        policies=await write_policies(place),
        notes=[*([] if records else [EMPTY]), *([PAST_NOTE] if is_past else [])],
    )


def _named(account: Account) -> str:
    return f"{account.provider} {account.name} ({account.native_id or 'not read yet'})"


async def _frameworks(org_id: PydanticObjectId, asked: Sequence[str]) -> list[Framework]:
    """Those that are asked for, else those that are switched on and the organization's own."""
    known = await frameworks_of(org_id)
    if asked:
        return [one for one in known if one.id in asked]
    adopted = (await compliance_settings(org_id)).adopted
    return [one for one in known if one.id in adopted or find_framework(one.id) is None]


async def _statuses(
    org_id: PydanticObjectId, frameworks: Sequence[Framework], until: datetime, now: datetime
) -> tuple[Statuses, bool]:
    """(what was said at the end of the period, or is said now while it lasts; whether it is over)."""
    if until <= now:
        return await statuses_at(org_id, None, until), True
    rules = {id for framework in frameworks for id in framework.findings}
    return {**await statuses_in(org_id), **await rule_statuses(org_id, rules)}, False


def _framework(framework: Framework, statuses: Statuses) -> FrameworkPart:
    score = score_of(weights_of(all_controls(), framework), statuses)
    requirements = []
    for one in framework.requirements:
        standing = standing_of(one, statuses)
        requirements.append(
            RequirementPart(
                id=one.id,
                name=one.name,
                group=one.group,
                fit=one.fit,
                status=standing.status,
                assessed=standing.assessed,
                total=standing.total,
                answered_by=(*one.controls, *one.findings),
            )
        )
    return FrameworkPart(
        id=framework.id,
        name=framework.name,
        version=framework.version,
        notes=framework.notes,
        ratio=score.ratio,
        assessed=score.assessed,
        total=score.total,
        requirements=requirements,
    )


async def _controls(place: Place, frameworks: Sequence[Framework], statuses: Statuses, told: Told) -> list[ControlPart]:
    """Every control that the frameworks name, and checks of bundles with one of them; without frameworks every one."""
    every = await controls_in_force(place.org_id)
    wanted = [one for one in every if not frameworks or any(serves(one, framework) for framework in frameworks)]
    ids = [one.id for one in wanted]
    assigned = await owners_of(place.org_id, ids, OwnerRole.OWNER)
    owners = {id: ObjectId(person) for id, person in assigned.items()}
    stated = await write_attestations(place, ids)
    (place.folder / "checks").mkdir()
    parts = []
    with (
        CsvFile(place.folder / "items.csv", ITEM_HEADS) as items,
        CsvFile(place.folder / "exceptions.csv", EXCEPTION_HEADS) as leaves,
    ):
        for done, control in enumerate(wanted):
            await told(done, len(wanted))
            history = await _checks(place, control.id)
            await _items(place, control.id, history, items)
            leave = await write_exceptions(place, control.id, leaves)
            status = statuses.get(control.id, CheckStatus.NOT_ASSESSED)
            owner = await place.person(owners.get(control.id)) or None
            parts.append(_control(control, status, owner, history, leave, stated[control.id]))
    await told(len(wanted), len(wanted))
    return parts


async def _checks(place: Place, control_id: str) -> History:
    folder = CheckFolder()
    with CsvFile(place.folder / "checks" / f"{control_id}.csv", CHECK_HEADS) as file:
        async for batch in control_records(place.org_id, control_id, place.first, place.until):
            await asyncio.to_thread(file.add, map(check_cells, batch))
            for row in batch:
                folder.add(row)
    return folder.end()


async def _items(place: Place, control_id: str, history: History, file: CsvFile) -> None:
    folder, kept = ItemFolder(place.first), deque[ItemSpell](maxlen=MOST_ITEMS)

    def keep(spell: ItemSpell) -> None:
        file.add([item_cells(control_id, spell)])
        history.more_items += len(kept) == MOST_ITEMS
        kept.append(spell)

    async for noted in items_before(place.org_id, control_id, place.until):
        where = place.account(noted["account_id"], "own records")
        integration = Integration(noted["integration"])
        for spell in folder.add(noted["check_id"], integration, where, noted["items"], noted["at"]):
            keep(spell)
    for spell in folder.end():
        keep(spell)
    history.items = list(kept)


def _control(
    control: Control,
    status: CheckStatus,
    owner: str | None,
    history: History,
    exceptions: Exceptions,
    attestations: int,
) -> ControlPart:
    conditions = [
        Condition(integration=one.integration, passes=one.passes, warns=one.warns, fails=one.fails, version=one.version)
        for one in control.procedures
    ]
    return ControlPart(
        id=control.id,
        name=control.name,
        category=control.category,
        severity=control.severity,
        frequency=control.frequency,
        objective=control.objective,
        owner=owner,
        status=status,
        conditions=conditions,
        history=history,
        exceptions=exceptions,
        attestations=attestations,
    )
