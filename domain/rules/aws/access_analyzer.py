"""IAM Access Analyzer where something runs and nobody looks who is let in."""

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import TOKEN, Call, Look, Step
from domain.rules.aws_region import BLIND, SIGNS, example_instance, example_region, is_used, within
from domain.rules.rule import Observation, Rule, RuleContext, fires, quiet

KIND = ResourceKind.AWS_ACCESS_ANALYZER
NAME = "cloudwatcher"
# Those that look for access from outside. Source: IAM Access Analyzer API reference, AnalyzerSummary.type.
EXTERNAL = ("ACCOUNT", "ORGANIZATION")
GONE = ("ResourceNotFoundException",)


def is_off(region: Resource, context: RuleContext) -> Observation | None:
    """Fires on a used region without an active analyzer of access from outside."""
    analyzers = within(region, KIND, context)
    if analyzers is None or not is_used(region, context):
        return None
    if any(one.config.get("type") in EXTERNAL and one.config.get("status") == "ACTIVE" for one in analyzers):
        return None
    return Observation(
        reason=f"No analyzer looks in {region.name} for what is open to other accounts, and something runs there.",
        observed={"analyzers": {one.name: one.config.get("status") for one in analyzers}},
    )


def turn_on(region: Resource, context: RuleContext) -> tuple[Step, ...]:
    """An analyzer of the account, which is free of charge."""
    if any(one.name == NAME for one in within(region, KIND, context) or []):
        raise NoPlan(f"There is an analyzer {NAME} in {region.name} that is not active: see why, or delete it.")
    named = {"analyzerName": NAME}
    back = Step(
        name="delete",
        says=f"Delete the analyzer {NAME} in {region.name}, and what it has found.",
        call=Call(operation="accessanalyzer.delete_analyzer", region=region.name, arguments=named),
        gone=GONE,
    )
    return (
        Step(
            name="create",
            says=f"Make the analyzer {NAME} in {region.name}, which looks for what is open to others. It is free.",
            call=Call(
                operation="accessanalyzer.create_analyzer",
                region=region.name,
                arguments={**named, "type": "ACCOUNT", "clientToken": TOKEN},
            ),
            found=Look(
                call=Call(operation="accessanalyzer.get_analyzer", region=region.name, arguments=named),
                path="analyzer",
            ),
            gone=GONE,
            wait=Look(
                call=Call(operation="accessanalyzer.get_analyzer", region=region.name, arguments=named),
                path="analyzer.status",
                ready=("ACTIVE",),
                failed=("FAILED",),
            ),
            undo=(back,),
        ),
    )


def _analyzer(region: str = "eu-west-1", kind: str = "ACCOUNT", status: str = "ACTIVE", name: str = "own") -> Resource:
    arn = f"arn:aws:access-analyzer:{region}:123456789012:analyzer/{name}"
    return Resource(kind=KIND, native_id=arn, name=name, region=region, config={"type": kind, "status": status})


OFF = Rule(
    id="aws-access-analyzer-off",
    title="No analyzer of outside access in a used region",
    description="The analyzer finds buckets, roles, keys, queues and secrets that other accounts can get at.",
    category=FindingCategory.SECOPS,
    severity=Severity.MEDIUM,
    risk=Risk.LOW,
    applies_to=ResourceKind.AWS_REGION,
    permissions=("access-analyzer:ListAnalyzers",),
    source="CIS AWS Foundations Benchmark 1.20; IAM Access Analyzer ListAnalyzers",
    blind_spots=f"{BLIND}. Regions that CloudWatcher does not read are not judged. An analyzer of the organization is "
    "seen only in the account that owns it. Analyzers of unused access do not count.",
    needs=("RegionName",),
    also_reads=(KIND, *SIGNS),
    check=is_off,
    group="detection",
    remedy=Remedy(
        says="Makes an analyzer of the account in the region.",
        plan=turn_on,
        reversible=Reversible.YES,
        permissions=(
            "access-analyzer:CreateAnalyzer",
            "access-analyzer:DeleteAnalyzer",
            "access-analyzer:GetAnalyzer",
            "iam:CreateServiceLinkedRole",
        ),
    ),
    examples=(
        fires(example_region(), example_instance()),
        fires(example_region(), example_instance(), _analyzer(status="DISABLED")),
        fires(example_region(), example_instance(), _analyzer(status="FAILED", name=NAME)),
        fires(example_region(), example_instance(), _analyzer(kind="ACCOUNT_UNUSED_ACCESS")),
        fires(example_region(), example_instance(), _analyzer("us-east-1")),
        quiet(example_region(), example_instance(), _analyzer()),
        quiet(example_region()),
        quiet(example_region(), example_instance(), is_listed=lambda kind, _: kind is not KIND),
    ),
)
