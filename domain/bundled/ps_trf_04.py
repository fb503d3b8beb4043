"""Groups of machines scale towards a target, or ahead of what is foreseen.

How long machines take to warm up is told of, not judged: the bundle names no limit. Groups of nodes of Kubernetes are
left to its own autoscaler.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from domain.compliance.control import Case, Item, Procedure, failed, passed, warned
from domain.facts.compliance import Integration

GROUPS, POLICIES = "autoscaling.describe_auto_scaling_groups", "autoscaling.describe_policies"
MANAGERS, AUTOSCALERS = "compute.v1:regionInstanceGroupManagers.list", "compute.v1:autoscalers.list"
WANTED = "a policy with a target, or one that scales ahead of what is foreseen"
# Source: Auto Scaling API reference, PutScalingPolicy.
TARGET, PREDICTIVE, AHEAD = "TargetTrackingScaling", "PredictiveScaling", "ForecastAndScale"
# What an autoscaler of Google keeps to; without one of them only a schedule moves it. Source: Compute Engine API
# reference, autoscalers.
SIGNALS = ("cpuUtilization", "loadBalancingUtilization", "customMetricUtilizations")
# Source: GKE documentation, "Node pools": how their groups are named.
KUBERNETES = "gke-"


def _aws(case: Case) -> Iterator[Item]:
    """Each group that may have machines. Names of groups are unique in a region."""
    policies: dict[tuple[str | None, str], list[Mapping[str, Any]]] = {}
    for region, one in case.answers.located(POLICIES, "ScalingPolicies"):
        if one.get("Enabled", True):
            policies.setdefault((region, one["AutoScalingGroupName"]), []).append(one)
    for region, group in case.answers.located(GROUPS, "AutoScalingGroups"):
        if group["MaxSize"] > 0:
            own = policies.get((region, group["AutoScalingGroupName"]), [])
            yield _scaled(group["AutoScalingGroupARN"], own)


def _scaled(name: str, policies: list[Mapping[str, Any]]) -> Item:
    """A policy that only forecasts scales nothing."""
    by_target = [one["PolicyName"] for one in policies if one["PolicyType"] == TARGET or _is_ahead(one)]
    others = [one["PolicyName"] for one in policies if one["PolicyType"] not in (TARGET, PREDICTIVE)]
    if by_target:
        return passed(name, f"scaled by {', '.join(sorted(by_target))}")
    if others:
        return warned(name, f"scaled in steps only, by {', '.join(sorted(others))}", WANTED)
    return failed(name, "no policy scales it", WANTED)


def _is_ahead(policy: Mapping[str, Any]) -> bool:
    # The mode is ForecastOnly unless another is given.
    settings = policy.get("PredictiveScalingConfiguration") or {}
    return bool(policy["PolicyType"] == PREDICTIVE and settings.get("Mode") == AHEAD)


def _gcp(case: Case) -> Iterator[Item]:
    """Each group that has machines or an autoscaler."""
    scalers = {one["target"]: one["autoscalingPolicy"] for one in _listed(case, AUTOSCALERS, "autoscalers")}
    for group in _listed(case, MANAGERS, "instanceGroupManagers"):
        policy = scalers.get(group["selfLink"])
        if not group["name"].startswith(KUBERNETES) and (policy or group["targetSize"] > 0):
            yield _automatic(group["selfLink"], policy)


def _listed(case: Case, operation: str, noun: str) -> Iterator[Mapping[str, Any]]:
    """What an aggregated list holds in all its places."""
    for call in case.answers.calls(operation):
        for page in call.pages:
            for place in (page.get("items") or {}).values():
                yield from place.get(noun) or ()


def _automatic(name: str, policy: Mapping[str, Any] | None) -> Item:
    if policy is None or policy.get("mode") == "OFF":
        return failed(name, "no autoscaler" if policy is None else "the autoscaler is off", WANTED)
    kept = [signal for signal in SIGNALS if policy.get(signal)]
    if kept:
        return passed(name, f"kept to {', '.join(kept)}")
    return warned(name, "scaled by a schedule only", WANTED)


PROCEDURES = (
    Procedure(
        integration=Integration.AWS,
        scope="resource",
        operations=(POLICIES, GROUPS),
        passes="A policy keeps each group to a target, or scales it ahead of what is foreseen (ForecastAndScale).",
        warns="Policies scale a group in steps only.",
        fails="No policy that is on scales a group.",
        judge=_aws,
    ),
    Procedure(
        integration=Integration.GCP,
        scope="resource",
        operations=(AUTOSCALERS, MANAGERS),
        passes="The autoscaler of each group keeps it to a target for its processors, its load balancer or a metric.",
        warns="The autoscaler of a group has a schedule only.",
        fails="A group has no autoscaler, or it is off.",
        judge=_gcp,
    ),
)
