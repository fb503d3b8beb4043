"""Whether CloudTrail records every region, and whether it records the same thing twice."""

from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.money import Money
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import Call, Look, Step
from domain.rules.aws_service_bucket import bucket_for, example_bucket
from domain.rules.aws_trail import (
    must_be_own,
    records_all_management,
    records_management,
    selects_management,
)
from domain.rules.list_price import AWS_CLOUDTRAIL_EVENTS, usd
from domain.rules.rule import Observation, Rule, RuleContext, fires, quiet

KIND = ResourceKind.AWS_CLOUDTRAIL_TRAIL
NAME = "cloudwatcher-all-regions"
SERVICE = "cloudtrail.amazonaws.com"
GONE = ("TrailNotFoundException",)


def lacks_whole_trail(account: Resource, context: RuleContext) -> Observation | None:
    """Fires when no trail over all regions records events of management; not when that is unknown of one."""
    if not context.is_listed(KIND, None):
        return None
    trails = context.every(KIND)
    # True, False, or None for not known.
    found = [_covers(one) for one in trails]
    if any(one is not False for one in found):
        return None
    return Observation(
        reason=f"None of the {len(trails)} trails of account {account.name} records what happens in all regions.",
        observed={"trails": [one.native_id for one in trails]},
    )


def _covers(trail: Resource) -> bool | None:
    states = (trail.config.get("IsMultiRegionTrail"), trail.config.get("IsLogging"), records_management(trail))
    if False in states:
        return False
    return None if None in states else True


def make_trail(account: Resource, context: RuleContext) -> tuple[Step, ...]:
    """A trail over all regions into a bucket that takes CloudTrail's logs already."""
    if any(one.name == NAME for one in context.every(KIND)):
        raise NoPlan(
            f"There is a trail {NAME} that does not do what it is for: see who changed it, and start it again."
        )
    bucket = bucket_for(SERVICE, context)
    if bucket is None:
        raise NoPlan(
            f"No bucket of account {account.name} lets CloudTrail write into it: make one with the policy that the "
            "CloudTrail user guide gives."
        )
    made = Step(
        name="create",
        says=f"Make the trail {NAME}, which records all regions into the bucket {bucket} and signs its files.",
        call=Call(
            operation="cloudtrail.create_trail",
            arguments={
                "Name": NAME,
                "S3BucketName": bucket,
                "IsMultiRegionTrail": True,
                "IncludeGlobalServiceEvents": True,
                "EnableLogFileValidation": True,
            },
        ),
        found=Look(
            call=Call(operation="cloudtrail.describe_trails", arguments={"trailNameList": [NAME]}), path="trailList.0"
        ),
        undo=(_removed(bucket),),
    )
    call = Call(operation="cloudtrail.start_logging", arguments={"Name": NAME})
    return (made, Step(name="start", says=f"Let the trail {NAME} record.", call=call))


def _removed(bucket: str) -> Step:
    return Step(
        name="delete",
        says=f"Delete the trail {NAME}; what it has recorded stays in {bucket}.",
        call=Call(operation="cloudtrail.delete_trail", arguments={"Name": NAME}),
        gone=GONE,
    )


def is_duplicate(trail: Resource, context: RuleContext) -> Observation | None:
    """Fires on a trail that is billed for events of management which another one records in all regions."""
    cost = context.billed_usd(trail.native_id)
    kept = _kept(context)
    if kept is None or kept.native_id == trail.native_id or trail.config.get("IsOrganizationTrail") is not False:
        return None
    if not cost or not records_management(trail) or trail.config.get("IsLogging") is not True:
        return None
    # Events of data are on the same bill, and go on.
    saving = None if _others(trail) else usd(cost)
    return Observation(
        reason=f"Trail {trail.name} records events of management once more, which {kept.name} records in all regions.",
        observed={"billed_usd": str(cost), "kept": kept.native_id},
        estimated_monthly_saving=saving,
        saving_formula=_formula(saving),
    )


def _formula(saving: Money | None) -> str | None:
    """The bill in events, as their price counts them."""
    if saving is None:
        return None
    per = AWS_CLOUDTRAIL_EVENTS
    return f"{saving.amount / per.usd * 100_000:.0f} paid events / 100000 * {per.usd} USD"


def _kept(context: RuleContext) -> Resource | None:
    """The trail that goes on recording: one of the organization before others, then the first by ARN."""
    whole = [one for one in context.every(KIND) if records_all_management(one)]
    return min(whole, key=lambda one: (not one.config.get("IsOrganizationTrail"), one.native_id), default=None)


def _others(trail: Resource) -> list[dict[str, Any]]:
    """Its selectors as they are without events of management. Of basic ones only those that name data may stay.

    Source: CloudTrail refuses a selector that takes in neither ("InvalidEventSelectorsException").
    """
    basic = [one for one in trail.config.get("EventSelectors") or [] if one.get("DataResources")]
    advanced = [one for one in trail.config.get("AdvancedEventSelectors") or [] if not selects_management(one)]
    return [*({**one, "IncludeManagementEvents": False} for one in basic), *advanced]


def leave_out_management(trail: Resource, context: RuleContext) -> tuple[Step, ...]:
    """The trail goes on with its other events."""
    must_be_own(trail, context)
    wanted = _others(trail)
    if not wanted:
        raise NoPlan(
            f"Trail {trail.name} records nothing but events of management, and CloudTrail takes no trail without any "
            "events: see who reads its bucket, and delete it."
        )
    field = "EventSelectors" if trail.config.get("EventSelectors") else "AdvancedEventSelectors"
    back = _selecting(trail, "back", field, trail.config[field], f"Let trail {trail.name} record as before.", ())
    says = f"Let trail {trail.name} leave out events of management; all else it records goes on."
    return (_selecting(trail, "leave-out", field, wanted, says, (back,)),)


def _selecting(
    trail: Resource, name: str, field: str, selectors: list[dict[str, Any]], says: str, undo: tuple[Step, ...]
) -> Step:
    arguments = {"TrailName": trail.native_id, field: selectors}
    call = Call(operation="cloudtrail.put_event_selectors", region=trail.region, arguments=arguments)
    return Step(name=name, says=says, call=call, undo=undo)


def _trail(name: str = "main", **config: Any) -> Resource:
    """A trail over all regions that records, for the examples."""
    plain = {"IsMultiRegionTrail": True, "IsLogging": True, "IsOrganizationTrail": False, "EventSelectors": [_ALL]}
    arn = f"arn:aws:cloudtrail:us-east-1:123456789012:trail/{name}"
    return Resource(kind=KIND, native_id=arn, name=name, region="us-east-1", config={**plain, **config})


_ALL: dict[str, Any] = {"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": []}
_DATA = [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::data/"]}]
_MANAGEMENT = {"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}
_OF_DATA = {"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Data"]}]}
_ID = "123456789012"
_ACCOUNT = Resource(kind=ResourceKind.AWS_ACCOUNT, native_id=_ID, name=_ID, config={"Account": _ID})
_BILLS = {_trail("second").native_id: usd(AWS_CLOUDTRAIL_EVENTS.usd * 3)}
_ADVANCED = _trail("second", EventSelectors=None, AdvancedEventSelectors=[_MANAGEMENT, _OF_DATA])
_UNREAD = Resource(
    kind=KIND, native_id=_trail().native_id, name="main", config={"IsMultiRegionTrail": True, "IsLogging": True}
)

MULTIREGION = Rule(
    id="aws-cloudtrail-multiregion",
    title="No trail records every region",
    description="What an intruder does in a region that nobody uses stays unseen without such a trail.",
    category=FindingCategory.SECOPS,
    severity=Severity.HIGH,
    risk=Risk.LOW,
    applies_to=ResourceKind.AWS_ACCOUNT,
    permissions=("cloudtrail:DescribeTrails", "cloudtrail:GetTrailStatus"),
    source="CIS AWS Foundations Benchmark 3.1; CloudTrail DescribeTrails, GetTrailStatus, GetEventSelectors",
    blind_spots="A trail that records only reads or only writes, or that cannot deliver, counts as one. "
    "What the policy of a bucket lets CloudTrail write is told by its form, and not tried.",
    needs=("Account",),
    also_reads=(KIND, ResourceKind.AWS_S3_BUCKET),
    check=lacks_whole_trail,
    group="logging",
    remedy=Remedy(
        says="Makes a trail over all regions that signs its files.",
        plan=make_trail,
        reversible=Reversible.YES,
        permissions=("cloudtrail:CreateTrail", "cloudtrail:DeleteTrail", "cloudtrail:StartLogging"),
    ),
    examples=(
        fires(_ACCOUNT, example_bucket(SERVICE)),
        fires(_ACCOUNT, _trail(IsMultiRegionTrail=False)),
        fires(_ACCOUNT, _trail(IsLogging=False), example_bucket(SERVICE)),
        fires(_ACCOUNT, _trail(NAME, IsLogging=False), example_bucket(SERVICE)),
        fires(_ACCOUNT, _trail(EventSelectors=None, AdvancedEventSelectors=[_OF_DATA]), example_bucket(SERVICE)),
        quiet(_ACCOUNT, _trail()),
        quiet(_ACCOUNT, _UNREAD),
        quiet(_ACCOUNT, is_listed=lambda kind, _: kind is not KIND),
    ),
)

DUPLICATE = Rule(
    id="aws-cloudtrail-duplicate",
    title="Trail records what another one records",
    description="The first copy of events of management is free, each further one is paid by the event.",
    category=FindingCategory.FINOPS,
    severity=Severity.LOW,
    risk=Risk.HIGH,
    applies_to=KIND,
    permissions=("cloudtrail:DescribeTrails", "cloudtrail:GetEventSelectors"),
    source="AWS CloudTrail pricing; CloudTrail DescribeTrails, GetEventSelectors, PutEventSelectors",
    blind_spots="Found only beside a trail that records all events in all regions, and only by a bill of the trail. "
    "The bill holds events of data as well: a trail that records both has no estimate. Who reads the second copy, and "
    "whether its bucket is somebody else's for a reason, is not known.",
    needs=("EventSelectors",),
    also_reads=(KIND, ResourceKind.AWS_ACCOUNT),
    check=is_duplicate,
    group="log-retention",
    remedy=Remedy(
        says="Lets the trail leave out events of management.",
        plan=leave_out_management,
        reversible=Reversible.YES,
        permissions=("cloudtrail:PutEventSelectors",),
    ),
    examples=(
        fires(_trail("second"), _trail(), bills=_BILLS),
        fires(_trail("second", EventSelectors=[{**_ALL, "DataResources": _DATA}]), _trail(), bills=_BILLS),
        fires(_ADVANCED, _trail(), bills=_BILLS),
        quiet(_trail("second"), _trail()),
        quiet(_trail("second", IsLogging=False), _trail(), bills=_BILLS),
        quiet(_trail("second"), _trail(EventSelectors=[{**_ALL, "ReadWriteType": "ReadOnly"}]), bills=_BILLS),
        quiet(_trail("second"), _UNREAD, bills=_BILLS),
        quiet(_trail("second", IsOrganizationTrail=True), _trail(), bills=_BILLS),
        quiet(
            _trail("second"),
            _trail(EventSelectors=None, AdvancedEventSelectors=[_OF_DATA]),
            bills=_BILLS,
        ),
    ),
)
