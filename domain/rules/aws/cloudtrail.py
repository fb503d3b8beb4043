"""CloudTrail trails that do not record, or whose records nobody can vouch for."""

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import Remedy, Reversible
from domain.remediation.step import Call, Step
from domain.rules.aws_trail import must_be_own
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


def start(trail: Resource, context: RuleContext) -> tuple[Step, ...]:
    """Starts it again. Starting what runs changes nothing."""
    must_be_own(trail, context)
    back = Step(
        name="stop",
        says=f"Stop trail {trail.name} again.",
        call=Call(operation="cloudtrail.stop_logging", region=trail.region, arguments={"Name": trail.native_id}),
    )
    return (
        Step(
            name="start",
            says=f"Let trail {trail.name} record again.",
            call=Call(operation="cloudtrail.start_logging", region=trail.region, arguments={"Name": trail.native_id}),
            undo=(back,),
        ),
    )


def is_unsigned(trail: Resource, _: RuleContext) -> Observation | None:
    """Fires on a trail without digests of its files."""
    if trail.config.get("LogFileValidationEnabled") is not False:
        return None
    return Observation(
        reason=f"Files of trail {trail.name} can be changed without anybody noticing: they are not signed.",
        observed={"LogFileValidationEnabled": False},
    )


def sign(trail: Resource, context: RuleContext) -> tuple[Step, ...]:
    """Turns the digests on, and changes nothing else of the trail."""
    must_be_own(trail, context)
    back = _signing(trail, "back", is_on=False, says=f"Leave the files of trail {trail.name} unsigned again.", undo=())
    return (_signing(trail, "sign", is_on=True, says=f"Sign the files of trail {trail.name}.", undo=(back,)),)


def _signing(trail: Resource, name: str, *, is_on: bool, says: str, undo: tuple[Step, ...]) -> Step:
    arguments = {"Name": trail.native_id, "EnableLogFileValidation": is_on}
    call = Call(operation="cloudtrail.update_trail", region=trail.region, arguments=arguments)
    return Step(name=name, says=says, call=call, undo=undo)


def _trail(*, owner: str = "123456789012", **config: object) -> Resource:
    return Resource(
        kind=ResourceKind.AWS_CLOUDTRAIL_TRAIL,
        native_id=f"arn:aws:cloudtrail:us-east-1:{owner}:trail/main",
        name="main",
        region="us-east-1",
        config={"IsOrganizationTrail": owner != "123456789012", **config},
    )


_ACCOUNT = Resource(kind=ResourceKind.AWS_ACCOUNT, native_id="123456789012", name="123456789012")
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
    also_reads=(ResourceKind.AWS_ACCOUNT,),
    check=is_stopped,
    group="logging",
    remedy=Remedy(
        says="Starts the trail.",
        plan=start,
        reversible=Reversible.YES,
        permissions=("cloudtrail:StartLogging", "cloudtrail:StopLogging"),
    ),
    examples=(
        fires(_trail(IsLogging=False), _ACCOUNT),
        fires(_trail(IsLogging=False, owner="210987654321"), _ACCOUNT),
        quiet(_trail(IsLogging=True), _ACCOUNT),
    ),
)

VALIDATION = Rule(
    id="aws-cloudtrail-validation",
    title="Trail's files are not signed",
    description="With digests of its files a trail shows whether one was changed or deleted after it was delivered.",
    category=FindingCategory.SECOPS,
    severity=Severity.MEDIUM,
    risk=Risk.LOW,
    applies_to=ResourceKind.AWS_CLOUDTRAIL_TRAIL,
    permissions=("cloudtrail:DescribeTrails",),
    source="CIS AWS Foundations Benchmark 3.2; CloudTrail DescribeTrails (LogFileValidationEnabled)",
    blind_spots="Whether anybody ever checks the digests is not known. Files from before stay unsigned.",
    needs=("LogFileValidationEnabled",),
    also_reads=(ResourceKind.AWS_ACCOUNT,),
    check=is_unsigned,
    group="logging",
    remedy=Remedy(
        says="Turns the digests on.",
        plan=sign,
        reversible=Reversible.YES,
        permissions=("cloudtrail:UpdateTrail",),
    ),
    examples=(
        fires(_trail(LogFileValidationEnabled=False), _ACCOUNT),
        fires(_trail(LogFileValidationEnabled=False, owner="210987654321"), _ACCOUNT),
        quiet(_trail(LogFileValidationEnabled=True), _ACCOUNT),
    ),
)
