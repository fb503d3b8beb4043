"""Security Hub where something runs and nobody collects what is found."""

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import Remedy, Reversible
from domain.remediation.step import Call, Look, Step
from domain.rules.aws_region import BLIND, SIGNS, example_instance, example_region, is_used, within
from domain.rules.rule import Observation, Rule, RuleContext, fires, quiet

KIND = ResourceKind.AWS_SECURITY_HUB
# By this AWS says that it is off. Source: Security Hub API reference, DescribeHub.
NOT_ON = "InvalidAccessException: not subscribed"


def is_off(region: Resource, context: RuleContext) -> Observation | None:
    """Fires on a used region where Security Hub is not subscribed to."""
    hubs = within(region, KIND, context)
    if hubs is None or hubs or not is_used(region, context):
        return None
    return Observation(
        reason=f"Security Hub is off in {region.name}, where something runs: nothing checks it against standards.",
        observed={"hub": None},
    )


def turn_on(region: Resource, _: RuleContext) -> tuple[Step, ...]:
    """With the standards that AWS turns on by itself."""
    back = Step(
        name="disable",
        says=f"Turn Security Hub off in {region.name} again; what it has found goes with it.",
        call=Call(operation="securityhub.disable_security_hub", region=region.name),
        gone=(NOT_ON, "ResourceNotFoundException"),
    )
    return (
        Step(
            name="enable",
            says=f"Turn Security Hub on in {region.name}, with the default standards. It is billed by the check, and "
            "its checks need AWS Config to record there.",
            call=Call(
                operation="securityhub.enable_security_hub",
                region=region.name,
                arguments={"EnableDefaultStandards": True},
            ),
            found=Look(call=Call(operation="securityhub.describe_hub", region=region.name), path="HubArn"),
            gone=(NOT_ON, "ResourceConflictException"),
            undo=(back,),
        ),
    )


def _hub(region: str = "eu-west-1") -> Resource:
    arn = f"arn:aws:securityhub:{region}:123456789012:hub/default"
    return Resource(kind=KIND, native_id=arn, name="default", region=region)


OFF = Rule(
    id="aws-securityhub-off",
    title="Security Hub is off in a used region",
    description="Security Hub checks a region against standards, and holds what other services of AWS find there.",
    category=FindingCategory.SECOPS,
    severity=Severity.MEDIUM,
    risk=Risk.LOW,
    applies_to=ResourceKind.AWS_REGION,
    permissions=("securityhub:DescribeHub",),
    source="CIS AWS Foundations Benchmark 4.16; Security Hub DescribeHub",
    blind_spots=f"{BLIND}. Regions that CloudWatcher does not read are not judged. Which standards are on is not "
    "looked at.",
    needs=("RegionName",),
    also_reads=(KIND, *SIGNS),
    check=is_off,
    group="detection",
    remedy=Remedy(
        says="Turns Security Hub on in the region, with the default standards.",
        plan=turn_on,
        reversible=Reversible.YES,
        permissions=(
            "iam:CreateServiceLinkedRole",
            "securityhub:DisableSecurityHub",
            "securityhub:EnableSecurityHub",
        ),
    ),
    examples=(
        fires(example_region(), example_instance()),
        fires(example_region(), example_instance(), _hub("us-east-1")),
        quiet(example_region(), example_instance(), _hub()),
        quiet(example_region()),
        quiet(example_region(), example_instance(), is_listed=lambda kind, _: kind is not KIND),
    ),
)
