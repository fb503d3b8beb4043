"""Changes of what protects a subscription, of which nobody is told."""

from collections.abc import Iterator
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import Step
from domain.rules.azure_resource import GONE, group_of, is_same, on, own
from domain.rules.rule import Observation, Rule, RuleContext, fires, quiet

ALERT = "Microsoft.Insights/activityLogAlerts/{activityLogAlertName}"
# What has to be told, and how our alert for it is called.
WATCHED = {
    "Microsoft.Network/networkSecurityGroups/write": "cloudwatcher-network-security-groups",
    "Microsoft.Authorization/policyAssignments/write": "cloudwatcher-policy-assignments",
    "Microsoft.Security/policies/write": "cloudwatcher-security-policies",
}
# Conditions on these leave a change of any resource in; others tell of some resources only.
HARMLESS = frozenset({"category", "operationname", "level", "status", "resourcetype", "resourceprovider"})


def is_not_told(subscription: Resource, context: RuleContext) -> Observation | None:
    """Fires where an alert is missing for one of the changes that have to be told."""
    is_sure = "id" in subscription.config and context.is_listed(ResourceKind.AZURE_ACTIVITY_ALERT, None)
    missing = _missing(subscription, context) if is_sure else []
    if not missing:
        return None
    return Observation(
        reason=f"Nobody is told when somebody in {subscription.name} does {', '.join(missing)}.",
        observed={"operations": missing},
    )


def tell(subscription: Resource, context: RuleContext) -> tuple[Step, ...]:
    """An alert for each change that is not told, to the first action group there is."""
    groups = [one for one in context.every(ResourceKind.AZURE_ACTION_GROUP) if own(one).get("enabled") is not False]
    if not groups:
        raise NoPlan("There is no action group that could be told: make one that reaches your people first.")
    return tuple(_alert(subscription, operation, groups[0]) for operation in _missing(subscription, context))


def _alert(subscription: Resource, operation: str, group: Resource) -> Step:
    name = WATCHED[operation]
    native_id = f"{group_of(group.native_id)}/providers/Microsoft.Insights/activityLogAlerts/{name}"
    conditions = [{"field": "category", "equals": "Administrative"}, {"field": "operationName", "equals": operation}]
    properties = {
        "description": "Made by CloudWatcher.",
        "enabled": True,
        "scopes": [subscription.native_id],
        "condition": {"allOf": conditions},
        "actions": {"actionGroups": [{"actionGroupId": group.native_id}]},
    }
    gone = Step(
        name=f"delete-{name}",
        says=f"Delete the alert {name}.",
        call=on(f"DELETE {ALERT}", native_id),
        gone=GONE,
    )
    return Step(
        name=name,
        says=f"Tell the action group {group.name} when somebody does {operation}.",
        call=on(f"PUT {ALERT}", native_id, location="Global", properties=properties),
        undo=(gone,),
    )


def _missing(subscription: Resource, context: RuleContext) -> list[str]:
    alerts = context.every(ResourceKind.AZURE_ACTIVITY_ALERT)
    told = {one.lower() for alert in alerts if _covers(alert, subscription) for one in _operations(alert)}
    return [operation for operation in WATCHED if operation.lower() not in told]


def _covers(alert: Resource, subscription: Resource) -> bool:
    """Whether it is on, reaches somebody, and hears of the whole subscription."""
    scopes = own(alert).get("scopes") or ()
    fields = {str(one.get("field")).lower() for one in _conditions(alert)}
    is_whole = any(is_same(str(scope).rstrip("/"), subscription.native_id) for scope in scopes)
    is_heard = bool((own(alert).get("actions") or {}).get("actionGroups"))
    return own(alert).get("enabled") is not False and is_whole and is_heard and fields <= HARMLESS


def _operations(alert: Resource) -> Iterator[str]:
    for one in _conditions(alert):
        if str(one.get("field")).lower() == "operationname":
            yield from [str(one["equals"])] if one.get("equals") else one.get("containsAny") or ()


def _conditions(alert: Resource) -> list[dict[str, Any]]:
    return (own(alert).get("condition") or {}).get("allOf") or []


_SUBSCRIPTION = Resource(
    kind=ResourceKind.AZURE_SUBSCRIPTION,
    native_id="/subscriptions/s1",
    name="Cedar production",
    config={"id": "/subscriptions/s1"},
)
_INSIGHTS = "/subscriptions/s1/resourceGroups/rg1/providers/Microsoft.Insights"


def _told(*operations: str, name: str = "told", **fields: Any) -> Resource:
    """An alert for the examples that covers these operations unless said otherwise."""
    properties = {
        "enabled": True,
        "scopes": ["/subscriptions/S1"],
        "condition": {
            "allOf": [
                {"field": "category", "equals": "Administrative"},
                {"field": "operationName", "containsAny": list(operations)},
            ]
        },
        "actions": {"actionGroups": [{"actionGroupId": "g1"}]},
    }
    return Resource(
        kind=ResourceKind.AZURE_ACTIVITY_ALERT,
        native_id=f"{_INSIGHTS}/activityLogAlerts/{name}",
        name=name,
        config={"properties": {**properties, **fields}},
    )


_GROUP = Resource(
    kind=ResourceKind.AZURE_ACTION_GROUP,
    native_id=f"{_INSIGHTS}/actionGroups/on-call",
    name="on-call",
    config={"properties": {"enabled": True}},
)
_FIRST, *_OTHERS = WATCHED
_ONE = {"allOf": [{"field": "operationName", "equals": _FIRST}]}
_OF_ONE_GROUP = {"allOf": [*_ONE["allOf"], {"field": "resourceGroup", "equals": "rg1"}]}

MISSING = Rule(
    id="azure-activity-alert-missing",
    title="Nobody is told of changes to what protects",
    description="Who opens a network or takes a policy away should not do so without others hearing of it.",
    category=FindingCategory.SECOPS,
    severity=Severity.LOW,
    risk=Risk.LOW,
    applies_to=ResourceKind.AZURE_SUBSCRIPTION,
    permissions=(
        "Microsoft.Insights/actionGroups/read",
        "Microsoft.Insights/activityLogAlerts/read",
        "Microsoft.Resources/subscriptions/read",
    ),
    source="CIS Azure Foundations, activity log alerts; Activity Log Alerts - List By Subscription Id",
    blind_spots="Alerts made elsewhere, for example in a SIEM, are not seen, and neither is whether anybody reads what "
    "an action group sends. Alerts on some resources or callers only are not counted.",
    needs=("id",),
    also_reads=(ResourceKind.AZURE_ACTIVITY_ALERT, ResourceKind.AZURE_ACTION_GROUP),
    check=is_not_told,
    group="detection",
    remedy=Remedy(
        says="Adds the alerts that are missing, to the first action group.",
        plan=tell,
        reversible=Reversible.YES,
        permissions=("Microsoft.Insights/activityLogAlerts/delete", "Microsoft.Insights/activityLogAlerts/write"),
    ),
    examples=(
        fires(_SUBSCRIPTION, _GROUP),
        fires(_SUBSCRIPTION),
        fires(_SUBSCRIPTION, _GROUP, _told(*_OTHERS)),
        fires(_SUBSCRIPTION, _GROUP, _told(*WATCHED, enabled=False)),
        fires(_SUBSCRIPTION, _GROUP, _told(*_OTHERS), _told(name="part", condition=_OF_ONE_GROUP)),
        fires(_SUBSCRIPTION, _GROUP, _told(*WATCHED, actions={"actionGroups": []})),
        quiet(_SUBSCRIPTION, _GROUP, _told(*WATCHED)),
        quiet(_SUBSCRIPTION, is_listed=lambda kind, _: kind is not ResourceKind.AZURE_ACTIVITY_ALERT),
        quiet(_SUBSCRIPTION, _GROUP, _told(*_OTHERS), _told(name="first", condition=_ONE)),
    ),
)
