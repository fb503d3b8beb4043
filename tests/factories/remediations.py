"""Remediations as rows: one of everything for a tenant, and many for the crowd."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from beanie import Document, PydanticObjectId
from bson import ObjectId

import documents
from documents.base import TenantDocument, utc_now
from documents.remediation_settings import change_settings
from domain.facts.finding import FindingCategory, Risk
from domain.facts.remediation import OPEN, PolicyCause, PolicyTrigger, RemediationState, StepState
from domain.facts.resource import ResourceKind
from domain.remediation.remedy import Reversible
from domain.remediation.step import Call, Step
from domain.remediation_plan import Plan
from tests.factories.tenant import Tenant

START = datetime(2026, 1, 1, tzinfo=UTC)
ROW = dict[str, Any]
STATES = (RemediationState.DONE, RemediationState.UNDONE, RemediationState.PLANNED, RemediationState.ROLLED_BACK)
NOT_COUNTED = (
    *("realised_amount", "realised_currency", "realised_state", "realised_confidence", "realised_at"),
    "regressed_at",
)


def plan_of(native_id: str) -> Plan:
    """A plan of one step that can be taken back."""
    call = Call(operation="ec2.modify_volume", region="us-east-1", arguments={"VolumeId": native_id})
    back = Step(name="back", says="secret-undo", call=call)
    return Plan(
        rule_id="aws-ebs-gp2-to-gp3",
        rule_version=1,
        kind=ResourceKind.AWS_EBS_VOLUME,
        native_id=native_id,
        name="secret-volume",
        region="us-east-1",
        says="secret-remedy",
        reason="secret-cause",
        steps=(Step(name="modify", says="secret-step", call=call, undo=(back,)),),
        observed={"config": {"secret": "secret-config"}, "tags": {}},
        reversible=Reversible.YES,
        loses="",
        saving=None,
        saving_formula=None,
        permissions=("ec2:ModifyVolume",),
    )


async def make_remediation(
    tenant: Tenant, account: documents.Account, finding: documents.Finding
) -> dict[str, TenantDocument]:
    """A remediation that waits, with a call in its journal, and the settings of the tenant."""
    org_id, plan = tenant.organization.id, plan_of(finding.resource_native_id)
    remediation = documents.Remediation(
        org_id=org_id,
        account_id=account.id,
        finding_id=finding.id,
        resource_id=finding.resource_id,
        resource_native_id=finding.resource_native_id,
        resource_name="secret-volume",
        rule_id=plan.rule_id,
        category=FindingCategory.FINOPS,
        risk=Risk.LOW,
        state=RemediationState.PLANNED,
        requested_by=PydanticObjectId(),
        reason="secret-reason",
        plan=plan.model_dump(mode="json"),
        plan_hash=plan.hash,
        missing=[],
        expires_at=utc_now() + timedelta(days=1),
    )
    await remediation.insert()
    call = documents.RemediationCall(
        org_id=org_id,
        remediation_id=remediation.id,
        number=1,
        key="modify",
        says="secret-step",
        operation="ec2.modify_volume",
        arguments={"VolumeId": "secret-volume"},
        answer={"secret": "secret-answer"},
        begun_at=utc_now(),
    )
    await call.insert()
    settings = await change_settings(org_id, None, stop_reason="secret-freeze")
    policy, run = await make_policy(tenant)
    return {
        "Remediation": remediation,
        "RemediationCall": call,
        "RemediationPolicy": policy,
        "RemediationPolicyRun": run,
        "RemediationSettings": settings,
    }


async def make_policy(
    tenant: Tenant, **fields: Any
) -> tuple[documents.RemediationPolicy, documents.RemediationPolicyRun]:
    """A policy, and a run of it that has ended."""
    org_id, at = tenant.organization.id, utc_now()
    policy = documents.RemediationPolicy(
        org_id=org_id,
        rule_ids=["aws-ebs-gp2-to-gp3"],
        changed_by=PydanticObjectId(tenant.user.id),
        changed_at=at,
        **{"name": "secret-policy", "triggers": [PolicyTrigger.FINDING], "reason": "secret-purpose", **fields},
    )
    await policy.insert()
    run = documents.RemediationPolicyRun(
        org_id=org_id,
        policy_id=policy.id,
        policy_version=1,
        key="secret-key",
        cause=PolicyCause.PERSON,
        planned_for=at,
        ended_at=at,
        problem="secret-trouble",
    )
    await run.insert()
    return policy, run


def remediation_rows(org_id: ObjectId, findings: Sequence[ROW]) -> dict[type[Document], Sequence[ROW]]:
    """One for each finding, and the calls of each thirtieth."""
    rows = [{"_id": ObjectId(), **_remediation(finding, number)} for number, finding in enumerate(findings)]
    policies = [_policy(org_id, number) for number in range(max(2, len(findings) // 100))]
    return {
        documents.RemediationPolicy: policies,
        documents.RemediationPolicyRun: [
            _policy_run(policies[number % 2], number) for number in range(max(2, len(findings) // 3))
        ],
        documents.Remediation: rows,
        documents.RemediationCall: [_call(rows[number // 30 * 30], number) for number in range(len(rows))],
    }


def _policy(org_id: ObjectId, number: int) -> ROW:
    lists = ("account_ids", "tags", "without_tags", "control_ids")
    nothing = ("least_severity", "schedule", "most_per_run", "most_per_day", "next_run_at")
    return {
        **dict.fromkeys(nothing),
        **{name: [] for name in lists},
        "_id": ObjectId(),
        "org_id": org_id,
        "name": f"policy {number}",
        "is_enabled": True,
        "rule_ids": ["aws-ebs-gp2-to-gp3"],
        "reason": "",
        "triggers": ["FINDING"],
        "mode": "PROPOSE",
        "changed_by": ObjectId(),
        "changed_at": START,
        "shown": {},
        "version": 1,
        "created_at": START,
    }


def _policy_run(policy: ROW, number: int) -> ROW:
    return {
        **dict.fromkeys(("asked_by", "account_id", "problem")),
        **dict.fromkeys(("matched", "planned", "approved", "waiting", "refused"), 0),
        "org_id": policy["org_id"],
        "policy_id": policy["_id"],
        "policy_version": 1,
        "key": f"sync:{number}",
        "cause": "FINDING",
        # Rows of these are forgotten after a while.
        "planned_for": utc_now(),
        "controls": [],
        "is_dry": False,
        "dry_rule_ids": [],
        "left": {},
        "ended_at": START,
        "created_at": START + timedelta(minutes=number),
    }


def _remediation(finding: ROW, number: int) -> ROW:
    state = STATES[number // 10 % len(STATES)]
    nothing = (
        "plan",
        "plan_hash",
        "planned_at",
        "missing",
        "expires_at",
        "policy_id",
        "policy_run_id",
        "policy_author",
        "policy_says",
        "approved_at",
        "step",
        "problem",
    )
    return {
        **dict.fromkeys((*nothing, *NOT_COUNTED, "ended_at", "rolled_back_by", "region")),
        "started_at": None if state in OPEN else START + timedelta(minutes=number),
        "org_id": finding["org_id"],
        "account_id": finding["account_id"],
        "finding_id": finding["_id"],
        "resource_id": finding["resource_id"],
        "resource_native_id": finding["resource_native_id"],
        "resource_name": f"volume {number}",
        "rule_id": f"aws-rule-{number % 10}",
        "category": "FINOPS",
        "risk": "LOW",
        "state": state.value,
        "is_open": True if state in OPEN else None,
        "requested_by": ObjectId(),
        "reason": "",
        "is_production": True,
        "is_dry": False,
        "approvals_needed": 1,
        "approvals": [],
        "made": [],
        "version": 1,
        "created_at": START + timedelta(minutes=number),
    }


def _call(remediation: ROW, number: int) -> ROW:
    return {
        "org_id": remediation["org_id"],
        "remediation_id": remediation["_id"],
        "number": number,
        "key": "modify",
        "says": "Change it.",
        "operation": "ec2.modify_volume",
        "region": None,
        "arguments": {},
        "state": StepState.MADE.value,
        "answer": {},
        "is_found": False,
        "error": None,
        "begun_at": START,
        "ended_at": START,
        "created_at": START,
    }
