"""CloudTrail trails that do not record."""

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.rules.rule import Observation, Rule, RuleContext, fires, quiet


def is_stopped(trail: Resource, _: RuleContext) -> Observation | None:
    """Fires on a trail that exists and records nothing."""
    if trail.config.get("IsLogging") is not False:
        return None
    stopped = trail.config.get("StopLoggingTime")
    since = f" since {stopped[:10]}" if stopped else ""
    return Observation(
        reason=f"Trail {trail.name} records nothing{since}: what happens in the account leaves no trace in it.",
        observed={"IsLogging": False, "StopLoggingTime": stopped},
    )


def _trail(is_logging: bool) -> Resource:
    arn = "arn:aws:cloudtrail:us-east-1:123456789012:trail/main"
    return Resource(
        kind=ResourceKind.AWS_CLOUDTRAIL_TRAIL,
        native_id=arn,
        name="main",
        region="us-east-1",
        config={"IsLogging": is_logging},
    )


STOPPED = Rule(
    id="aws-cloudtrail-stopped",
    title="Trail is stopped",
    description="A stopped trail is what an intruder wants and what an audit fails on. Starting it again is harmless.",
    category=FindingCategory.SECOPS,
    severity=Severity.CRITICAL,
    risk=Risk.LOW,
    applies_to=ResourceKind.AWS_CLOUDTRAIL_TRAIL,
    permissions=("cloudtrail:DescribeTrails", "cloudtrail:GetTrailStatus"),
    source="CloudTrail GetTrailStatus; MITRE ATT&CK T1562.008 Disable or Modify Cloud Logs",
    blind_spots="A trail that records but whose event selectors leave out what matters, or that cannot deliver, is not "
    "judged here.",
    needs=("IsLogging",),
    check=is_stopped,
    examples=(fires(_trail(is_logging=False)), quiet(_trail(is_logging=True))),
)
