"""What an organization lets remediations do: settings, the switch that stops them, credentials that may act."""

from datetime import timedelta
from typing import Annotated, Any

import strawberry
from bson import ObjectId

import documents
from auth.permission import Permission
from documents.account import sealed
from documents.connection import announce_account, update_account
from documents.remediation_settings import change_settings, settings_of
from documents.transaction import Transaction
from domain.errors import Invalid, NotFound
from domain.facts.finding import Risk
from domain.facts.scope import Scope
from domain.remediation.approval import ApprovalPolicy
from resolvers.context import Context, Info
from resolvers.entering import entry_of, looked_into
from resolvers.fields import mutation, query
from resolvers.governing import audited, person_of
from resolvers.routing import WHAT as WHAT_FOR
from resolvers.routing import known
from schema.access import AccessInput
from schema.arguments import InOrganization
from schema.node import local_id
from schema.remediation_settings import (
    AllowRemediationInput,
    AllowRemediationPayload,
    RemediationSettings,
    SetRemediationSettingsInput,
    SetRemediationSettingsPayload,
    StopRemediationsInput,
    StopRemediationsPayload,
)

AUTOMATION = {"allows_automation", "most_per_run", "most_per_day"}
WHAT = strawberry.argument(description=WHAT_FOR)


@strawberry.type
class RemediationSettingsQueries:
    @query(
        RemediationSettings,
        may=Permission.REMEDIATIONS_READ,
        description="What an organization lets remediations do; the defaults where nothing was set.",
    )
    async def remediation_settings(self, info: Info, organization_id: InOrganization = None) -> Any:
        return await settings_of(ObjectId(info.context.organization(organization_id)))


@strawberry.type
class RemediationSettingsMutations:
    @mutation(
        SetRemediationSettingsPayload,
        may=Permission.REMEDIATIONS_MANAGE,
        audit="remediation_settings.set",
        step_up=True,
        description="Say how many people must approve, who is told and what counts in Slack, how long that counts, "
        "when changes may run, and what policies may approve by themselves.",
    )
    async def set_remediation_settings(self, info: Info, input: Annotated[SetRemediationSettingsInput, WHAT]) -> Any:
        context, org_id = info.context, ObjectId(info.context.organization(input.organization_id))
        told = await _told(context.scope.narrowed(str(org_id)), input)

        async def change(tx: Transaction) -> documents.RemediationSettings:
            before = await settings_of(org_id, tx.session)
            policy = _changed(before.approval, input).model_dump(mode="json")
            given = {**told, **input.model_dump(include=AUTOMATION, exclude_none=True)}
            after = await change_settings(org_id, tx.session, version=input.expected_version, policy=policy, **given)
            tx.audit(org_id, target=f"remediation_settings:{after.id}", before=audited(before), after=audited(after))
            return after

        return await context.ports.writer.commit(change)

    @mutation(
        StopRemediationsPayload,
        may=Permission.REMEDIATIONS_MANAGE,
        audit="remediation_settings.stop",
        description="Stop everything, within seconds: nothing begins, and what runs makes no further call and is left "
        "with an alert. Or let things go on.",
    )
    async def stop_remediations(self, info: Info, input: Annotated[StopRemediationsInput, WHAT]) -> Any:
        context, person = info.context, person_of(info.context)
        org_id = ObjectId(context.organization(input.organization_id))

        async def change(tx: Transaction) -> documents.RemediationSettings:
            before = await settings_of(org_id, tx.session)
            fields: dict[str, Any] = {
                "is_stopped": input.is_stopped,
                "stopped_by": person if input.is_stopped else None,
                "stopped_at": context.now() if input.is_stopped else None,
                "stop_reason": input.reason if input.is_stopped else None,
            }
            after = await change_settings(org_id, tx.session, **fields)
            target = f"remediation_settings:{after.id}"
            tx.audit(org_id, target=target, before=audited(before), after=audited(after), reason=input.reason)
            return after

        return await context.ports.writer.commit(change)

    @mutation(
        AllowRemediationPayload,
        may=Permission.REMEDIATIONS_MANAGE,
        audit="account.allow_remediation",
        step_up=True,
        description="Give credentials that may change something in an account, apart from those it is read with, or "
        "take them away. They are tried first, stored encrypted, and cannot be read back.",
    )
    async def allow_remediation(self, info: Info, input: Annotated[AllowRemediationInput, WHAT]) -> Any:
        context = info.context
        account = await documents.Account.get_in(context.scope, local_id("Account", input.account_id))
        cipher = None if input.access is None else await _tried(context, account, input.access)

        async def change(tx: Transaction) -> documents.Account:
            changed = await update_account(account, tx.session, act_credentials=cipher)
            announce_account(tx, changed)
            tx.audit(
                account.org_id,
                target=f"account:{account.id}",
                before={"may_act": account.act_credentials is not None},
                after={"may_act": cipher is not None, "given": context.now()},
            )
            return changed

        return await context.ports.writer.commit(change)


async def _tried(context: Context, account: documents.Account, access: AccessInput) -> Any:
    """The credentials, sealed. Raises Invalid when they open nothing, or another account."""
    ports, org_id = context.ports, str(account.org_id)
    entry = entry_of(access, ports.external_ids.of(org_id), ports.allow_private_endpoints)
    if entry.provider is not account.provider:
        raise Invalid(f"This is an account of {account.provider}.", path=("input", "access"))
    report = await looked_into(ports, entry)
    if account.native_id is not None and report.native_id != account.native_id:
        message = f"These credentials open {report.native_id}, and this account is {account.native_id}."
        raise Invalid(message, path=("input", "access"))
    return sealed(await ports.vault.seal(org_id, entry.secret))


async def _told(scope: Scope, input: SetRemediationSettingsInput) -> dict[str, Any]:
    """The channels to store, where they were given. Raises NotFound for one that is not there."""
    if input.approval_channel_ids is None:
        return {}
    try:
        return {"approval_channel_ids": await known(scope, documents.Channel, "Channel", input.approval_channel_ids)}
    except NotFound as missing:
        raise NotFound(missing.message, path=("input", "approvalChannelIds")) from missing


def _changed(before: ApprovalPolicy, input: SetRemediationSettingsInput) -> ApprovalPolicy:
    given = {
        Risk.LOW: input.approvals_for_low,
        Risk.MEDIUM: input.approvals_for_medium,
        Risk.HIGH: input.approvals_for_high,
    }
    approvals = {risk: before.approvals_of(risk) if number is None else number for risk, number in given.items()}
    fields: dict[str, Any] = {"approvals": approvals}
    if input.valid_hours is not None:
        fields["valid_for"] = timedelta(hours=input.valid_hours)
    if input.chat_approvals_up_to is not None:
        fields["chat_approvals_up_to"] = input.chat_approvals_up_to.value
    if input.windows is not None:
        fields["windows"] = tuple(one.fact() for one in input.windows)
    return before.model_copy(update=fields)
