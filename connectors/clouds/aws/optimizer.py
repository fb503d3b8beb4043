"""What Compute Optimizer recommends in each region."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

from connectors.clouds.aws import fields, saving
from connectors.reading.listing import Answer, Item, Listing, Place, at
from domain.errors import PlanMissing
from domain.facts.resource import Resource

PLAN = "Compute Optimizer, opted in to"
# Said once for the account, by its enrolment, and not again in each region.
NOT_IN = ("OptInRequiredException",)
FINE = frozenset({"Optimized", "Unavailable", None})


class Advice(NamedTuple):
    """One list: its call, what its caller must be allowed besides, its fields, and where an item names its options."""

    operation: str
    permissions: tuple[str, ...]
    items: str
    arn: str
    options: str | None
    findings: tuple[str, ...] = ("finding",)


# Source: service authorization reference, AWS Compute Optimizer, with its dependent actions.
ADVICE = (
    Advice(
        "get_ec2_instance_recommendations",
        ("compute-optimizer:GetEC2InstanceRecommendations", "ec2:DescribeInstances"),
        "instanceRecommendations",
        "instanceArn",
        "recommendationOptions",
    ),
    Advice(
        "get_ebs_volume_recommendations",
        ("compute-optimizer:GetEBSVolumeRecommendations", "ec2:DescribeVolumes"),
        "volumeRecommendations",
        "volumeArn",
        "volumeRecommendationOptions",
    ),
    Advice(
        "get_auto_scaling_group_recommendations",
        (
            "compute-optimizer:GetAutoScalingGroupRecommendations",
            "autoscaling:DescribeAutoScalingGroups",
            "autoscaling:DescribeAutoScalingInstances",
        ),
        "autoScalingGroupRecommendations",
        "autoScalingGroupArn",
        "recommendationOptions",
    ),
    Advice(
        "get_lambda_function_recommendations",
        (
            "compute-optimizer:GetLambdaFunctionRecommendations",
            "lambda:ListFunctions",
            "lambda:ListProvisionedConcurrencyConfigs",
        ),
        "lambdaFunctionRecommendations",
        "functionArn",
        "memorySizeRecommendationOptions",
    ),
    Advice(
        "get_rds_database_recommendations",
        ("compute-optimizer:GetRDSDatabaseRecommendations", "rds:DescribeDBInstances", "rds:DescribeDBClusters"),
        "rdsDBRecommendations",
        "resourceArn",
        "instanceRecommendationOptions",
        ("instanceFinding", "storageFinding"),
    ),
    Advice(
        "get_ecs_service_recommendations",
        ("compute-optimizer:GetECSServiceRecommendations", "ecs:ListServices", "ecs:ListClusters"),
        "ecsServiceRecommendations",
        "serviceArn",
        "serviceRecommendationOptions",
    ),
    Advice(
        "get_license_recommendations",
        ("compute-optimizer:GetLicenseRecommendations", "ec2:DescribeInstances"),
        "licenseRecommendations",
        "resourceArn",
        "licenseRecommendationOptions",
    ),
    Advice(
        "get_idle_recommendations",
        ("compute-optimizer:GetIdleRecommendations",),
        "idleRecommendations",
        "resourceArn",
        None,
    ),
)


def is_advice(advice: Advice, item: Item, _: Place) -> bool:
    """What is well as it is needs no advice."""
    return any(item.get(finding) not in FINE for finding in advice.findings)


def parse_advice(advice: Advice, item: Item, _: Mapping[str, Any], place: Place) -> Resource:
    """By the call and the ARN of the resource it is about. AWS puts the option it likes best first."""
    options = [item] if advice.options is None else item.get(advice.options) or [{}]
    chance = (options[0].get("savingsOpportunity") or {}).get("estimatedMonthlySavings") or {}
    native_id = f"compute-optimizer.{advice.operation}/{item[advice.arn]}"
    return saving.recommendation(
        native_id, item[advice.arn], item, place, saving.saving(chance.get("value"), chance.get("currency"))
    )


def enrolled(plan: str, service: str) -> Callable[[Answer], list[Item]]:
    """What says Active: the answer or one of its items. The function raises PlanMissing where nothing does."""

    def items(answer: Answer) -> list[Item]:
        found = [one for one in [answer, *(answer.get("items") or [])] if one.get("status") == "Active"]
        if not found:
            raise PlanMissing(f"The account does not take part in {service}.", service=service, plan=plan)
        return found[:1]

    return items


def _listing(advice: Advice) -> Listing:
    operation = fields.call(
        f"compute-optimizer.{advice.operation}", *advice.permissions, absent=NOT_IN, plan=PLAN, cadence=saving.CADENCE
    )
    return Listing(
        operation=operation,
        items=at(advice.items),
        keeps=partial(is_advice, advice),
        kind=saving.KIND,
        parse=partial(parse_advice, advice),
        is_regional=True,
    )


ENROLMENT = Listing(
    operation=fields.call(
        "compute-optimizer.get_enrollment_status",
        "compute-optimizer:GetEnrollmentStatus",
        plan=PLAN,
        cadence=saving.CADENCE,
    ),
    items=enrolled(PLAN, "compute-optimizer"),
    also=(saving.KIND,),
)
LISTINGS = (ENROLMENT, *(_listing(advice) for advice in ADVICE))
