"""Log workspaces that keep records longer than anybody asks for."""

from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import Remedy, Reversible
from domain.remediation.step import Step
from domain.rules.azure_resource import on, own
from domain.rules.rule import Observation, Parameter, Rule, RuleContext, fires, quiet

PATCH = "PATCH Microsoft.OperationalInsights/workspaces/{workspaceName}"


def keeps_too_long(workspace: Resource, context: RuleContext) -> Observation | None:
    """Fires on a workspace that keeps records longer than audits ask for."""
    days, wanted = own(workspace).get("retentionInDays"), context.parameters["retention_days"]
    if days is None or days <= wanted:
        return None
    return Observation(
        reason=f"Workspace {workspace.name} keeps records {days} days, {days - wanted} more than you need.",
        observed={"retentionInDays": days},
    )


def shorten(workspace: Resource, context: RuleContext) -> tuple[Step, ...]:
    """The time that audits ask for; what is older goes."""
    days, wanted = own(workspace)["retentionInDays"], context.parameters["retention_days"]
    back = Step(
        name="lengthen",
        says=f"Keep records of {workspace.name} for {days} days again. What is gone stays gone.",
        call=on(PATCH, workspace.native_id, properties={"retentionInDays": days}),
    )
    return (
        Step(
            name="shorten",
            says=f"Keep records of {workspace.name} for {wanted} instead of {days} days. Older ones are deleted.",
            call=on(PATCH, workspace.native_id, properties={"retentionInDays": wanted}),
            undo=(back,),
        ),
    )


def _workspace(days: int | None) -> Resource:
    properties: dict[str, Any] = {"retentionInDays": days, "sku": {"name": "PerGB2018"}}
    return Resource(
        kind=ResourceKind.AZURE_LOG_WORKSPACE,
        native_id="/subscriptions/s1/resourceGroups/rg1/providers/Microsoft.OperationalInsights/workspaces/logs",
        name="logs",
        config={"properties": properties},
    )


_A_QUARTER = {"retention_days": 90}

RETENTION = Rule(
    id="azure-log-retention",
    title="Log workspace keeps records longer than needed",
    description="Beyond the first month every day that records are kept is billed.",
    category=FindingCategory.FINOPS,
    severity=Severity.LOW,
    risk=Risk.HIGH,
    applies_to=ResourceKind.AZURE_LOG_WORKSPACE,
    permissions=("Microsoft.OperationalInsights/workspaces/read",),
    source="Workspaces - List (retentionInDays); Azure Monitor pricing, data retention",
    blind_spots="Tables may have a time of their own, which stays. The bill does not tell retention apart here, so no "
    "saving is estimated. Set the parameter to what your audits ask for before anything is shortened.",
    parameters=(Parameter(name="retention_days", default=90, meaning="Days that audits ask for.", least=30, most=730),),
    needs=("properties",),
    check=keeps_too_long,
    group="log-retention",
    remedy=Remedy(
        says="Shortens the time to what audits ask for.",
        plan=shorten,
        reversible=Reversible.PARTLY,
        loses="Records that are older than the new time are deleted and do not come back.",
        permissions=("Microsoft.OperationalInsights/workspaces/write",),
    ),
    examples=(
        fires(_workspace(365), parameters=_A_QUARTER),
        quiet(_workspace(90), parameters=_A_QUARTER),
        quiet(_workspace(None), parameters=_A_QUARTER),
    ),
)
