"""Controls, the bundles of industries, and what an organization is held against."""

from datetime import timedelta
from typing import Annotated, Any

import strawberry
from bson import ObjectId

import documents
from auth.permission import Permission
from documents.compliance_settings import change_settings, compliance_settings
from documents.control_status import check_rows
from documents.framework import frameworks_of
from documents.score_day import days_of
from documents.transaction import Transaction
from domain.compliance import control as facts
from domain.compliance.registry import controls_with
from domain.compliance.score import answering
from domain.compliance.tightening import directions, told_value
from domain.errors import NotFound
from jobs.queue import ask_checks
from resolvers.bundle import every_bundle, shown_bundles
from resolvers.context import Info
from resolvers.fields import mutation, query
from resolvers.framework import WithStatus
from resolvers.routing import WHAT
from resolvers.standing import Place, place_of, shown_control
from resolvers.tightening import changes_of
from schema.arguments import InAccount, InOrganization
from schema.control import (
    AnsweredRequirement,
    Bundle,
    ChangeComplianceSettingsInput,
    ChangeComplianceSettingsPayload,
    ComplianceSettings,
    Control,
    ControlCheck,
    ControlDay,
    ControlDetail,
    ControlParameter,
    ControlProcedure,
    TightenedParameter,
)
from schema.directives import Cost
from schema.node import global_id

ControlKey = Annotated[str, strawberry.argument(description="Id of the control, such as CW-IAM-01.")]
InCategory = Annotated[str | None, strawberry.argument(description="Of this category only, such as identity.")]
AUDITED = {"frameworks", "bundles", "parameters"}
MOST_CHECKS = 500
HISTORY = timedelta(days=365)


@strawberry.type
class ControlQueries:
    @query(
        list[Control],
        may=Permission.COMPLIANCE_READ,
        directives=(Cost(list_size=92),),
        description="Every control by its id, then the checks of the bundles that are switched on, and where each "
        "stands in the organization or in one account.",
    )
    async def controls(
        self,
        info: Info,
        organization_id: InOrganization = None,
        account_id: InAccount = None,
        category: InCategory = None,
        statuses: WithStatus = None,
    ) -> Any:
        place = await place_of(info.context, organization_id, account_id)
        said, rows = await place.statuses(), await place.controls()
        wanted = [one for one in await place.in_force() if category in (None, one.category)]
        shown = [shown_control(one, said, rows.get(one.id)) for one in wanted]
        return [one for one in shown if not statuses or one.status in statuses]

    @query(
        ControlDetail,
        may=Permission.COMPLIANCE_READ,
        directives=(Cost(weight=10),),
        description="A control, or a check of a bundle: how it is judged, what its procedures say now, what it "
        "answers, and its history, which stays when the bundle is switched off.",
    )
    async def control(self, info: Info, key: ControlKey, organization_id: InOrganization = None) -> Any:
        place = await place_of(info.context, organization_id)
        found = next((one for one in controls_with(every_bundle()) if one.id == key), None)
        if found is None:
            raise NotFound.of("control")
        said, rows = await place.statuses(), await place.controls()
        settings = await compliance_settings(place.org_id)
        checks = (await check_rows(place.org_id, control_id=key))[:MOST_CHECKS]
        answered = answering(key, await frameworks_of(place.org_id))
        return ControlDetail(
            control=shown_control(found, said, rows.get(key)),
            procedures=[_procedure(one) for one in found.procedures],
            parameters=_parameters(found, settings),
            checks=[
                ControlCheck(
                    integration=one.integration,
                    account_id=global_id("Account", one.account_id) if one.account_id else None,
                    status=one.status,
                    changed_at=one.changed_at,
                )
                for one in checks
            ],
            requirements=[AnsweredRequirement(framework=of.id, key=one.id, name=one.name) for of, one in answered],
            history=await _history(place, key, info),
        )

    @query(
        list[Bundle],
        may=Permission.COMPLIANCE_READ,
        directives=(Cost(list_size=3),),
        description="Bundles of frameworks, stricter parameters and further checks, by industry, and where the checks "
        "stand. They are judged like controls where the bundle is switched on.",
    )
    async def compliance_bundles(self, info: Info, organization_id: InOrganization = None) -> Any:
        return await shown_bundles(await place_of(info.context, organization_id))

    @query(
        ComplianceSettings,
        may=Permission.COMPLIANCE_READ,
        description="The frameworks and bundles that are switched on, and what has been tightened.",
    )
    async def compliance_settings(self, info: Info, organization_id: InOrganization = None) -> Any:
        place = await place_of(info.context, organization_id)
        return _shown(await compliance_settings(place.org_id))


@strawberry.type
class ControlMutations:
    @mutation(
        ChangeComplianceSettingsPayload,
        may=Permission.COMPLIANCE_MANAGE,
        audit="compliance_settings.change",
        description="Switch frameworks and bundles on, and tighten parameters; what is laxer than the catalogue is "
        "refused. The audit log is kept as long as the frameworks ask. Checks of bundles are judged from then on, or "
        "taken from the lists.",
    )
    async def change_compliance_settings(
        self, info: Info, input: Annotated[ChangeComplianceSettingsInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, changes = info.context, changes_of(input)
        org_id = ObjectId(context.organization(input.organization_id))

        async def change(tx: Transaction) -> ComplianceSettings:
            current = await compliance_settings(org_id, tx.session)
            changed = await change_settings(tx, current, changes, input.expected_version, context.now())
            before, after = (one.model_dump(mode="json", include=AUDITED) for one in (current, changed))
            tx.audit(org_id, target=f"compliance_settings:{org_id}", before=before, after=after)
            if changed.bundles != current.bundles:
                ask_checks(tx, org_id)
            return _shown(changed)

        return await context.ports.writer.commit(change)


def _procedure(procedure: facts.Procedure) -> ControlProcedure:
    plain = ("integration", "scope", "passes", "warns", "fails", "version")
    fields = {name: getattr(procedure, name) for name in plain}
    return ControlProcedure(**fields, operations=list(procedure.operations))


def _parameters(control: facts.Control, settings: documents.ComplianceSettings) -> list[ControlParameter]:
    own = control.parameters
    in_force = settings.parameters_of(control.id, own)
    return [
        ControlParameter(
            name=name,
            direction=direction,
            catalogue=told_value(own[name]) if name in own else None,
            in_force=told_value(in_force[name]) if name in in_force else None,
        )
        for name, direction in directions().get(control.id, {}).items()
    ]


async def _history(place: Place, key: str, info: Info) -> list[ControlDay]:
    first = (info.context.now() - HISTORY).date()
    found: list[ControlDay] = []
    for day in await days_of(place.org_id, None, first):
        status = day.statuses.get(key)
        if status is not None and (not found or found[-1].status is not status):
            found.append(ControlDay(day=day.day.date(), status=status))
    return found


def _shown(settings: documents.ComplianceSettings) -> ComplianceSettings:
    tightened = [
        TightenedParameter(control_id=control_id, name=name, value=told_value(value))
        for control_id, wanted in sorted(settings.parameters.items())
        for name, value in wanted.items()
    ]
    return ComplianceSettings(
        organization_id=global_id("Organization", settings.org_id),
        frameworks=list(settings.frameworks),
        bundles=list(settings.bundles),
        adopted=settings.adopted,
        parameters=tightened,
        version=settings.version,
    )
