"""AWS Config where something runs and nobody records how it was set up."""

from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import Call, Step
from domain.rules.aws_region import BLIND, SIGNS, example_instance, example_region, is_used, within
from domain.rules.aws_service_bucket import bucket_for, example_bucket
from domain.rules.rule import Observation, Rule, RuleContext, fires, quiet

KIND, ROLE = ResourceKind.AWS_CONFIG_RECORDER, ResourceKind.AWS_IAM_ROLE
# The name that AWS gives the only recorder and channel of a region.
NAME = "default"
SERVICE = "config.amazonaws.com"
# The role of the service itself. Source: AWS Config developer guide, "Using service-linked roles".
OWN_ROLE = "AWSServiceRoleForConfig"


def is_off(region: Resource, context: RuleContext) -> Observation | None:
    """Fires on a used region where nothing records, or the recorder has nowhere to deliver to."""
    recorders = within(region, KIND, context)
    if recorders is None or not is_used(region, context):
        return None
    faults = [_fault(one) for one in recorders] or ["it has no recorder"]
    if None in faults:
        return None
    return Observation(
        reason=f"AWS Config records nothing in {region.name}, where something runs: {' and '.join(map(str, faults))}.",
        observed={"recorders": {one.name: one.config.get("recording") for one in recorders}},
    )


def _fault(recorder: Resource) -> str | None:
    """None where it records and delivers, and where that is not known."""
    if recorder.config.get("recording") is False:
        return f"the recorder {recorder.name} is stopped"
    return f"the recorder {recorder.name} has no delivery channel" if _channels(recorder) == [] else None


def _channels(recorder: Resource) -> Any:
    return recorder.config.get("DeliveryChannels")


def turn_on(region: Resource, context: RuleContext) -> tuple[Step, ...]:
    """Makes what is missing of recorder and channel, and starts the recorder."""
    recorders = within(region, KIND, context) or []
    recorder = recorders[0] if recorders else None
    made = () if recorder else (_recorder(region, context),)
    channel = () if recorder and _channels(recorder) else (_channel(region, context),)
    name = recorder.name if recorder else NAME
    return (
        *made,
        *channel,
        _started(region, name, is_new=recorder is None or recorder.config.get("recording") is False),
    )


def _recorder(region: Resource, context: RuleContext) -> Step:
    roles = [one.native_id for one in context.every(ROLE) if one.name == OWN_ROLE]
    used = [one.config["roleARN"] for one in context.every(KIND) if one.config.get("roleARN")]
    if not [*roles, *used]:
        raise NoPlan(f"Make the role {OWN_ROLE} first: turn AWS Config on in one region by its console.")
    group = {"allSupported": True, "includeGlobalResourceTypes": False}
    wanted = {"name": NAME, "roleARN": [*roles, *used][0], "recordingGroup": group}
    return _step(
        region,
        "record",
        "put_configuration_recorder",
        {"ConfigurationRecorder": wanted},
        f"Make a recorder of all that AWS Config knows in {region.name}. Each change costs 0.003 USD.",
        _step(
            region,
            "delete-recorder",
            "delete_configuration_recorder",
            {"ConfigurationRecorderName": NAME},
            f"Delete the recorder in {region.name}.",
            gone=("NoSuchConfigurationRecorderException",),
        ),
    )


def _channel(region: Resource, context: RuleContext) -> Step:
    used = [channel["s3BucketName"] for one in context.every(KIND) for channel in _channels(one) or []]
    bucket = used[0] if used else bucket_for(SERVICE, context)
    if bucket is None:
        raise NoPlan("No bucket of the account lets AWS Config write into it: make one with the policy of its guide.")
    return _step(
        region,
        "deliver",
        "put_delivery_channel",
        {"DeliveryChannel": {"name": NAME, "s3BucketName": bucket}},
        f"Deliver what is recorded in {region.name} into the bucket {bucket}.",
        _step(
            region,
            "delete-channel",
            "delete_delivery_channel",
            {"DeliveryChannelName": NAME},
            f"Deliver nothing from {region.name} any more; what was delivered stays.",
            gone=("NoSuchDeliveryChannelException",),
        ),
    )


def _started(region: Resource, name: str, *, is_new: bool) -> Step:
    """Starting what runs changes nothing, and is taken back only where it did not run."""
    named = {"ConfigurationRecorderName": name}
    gone = ("NoSuchConfigurationRecorderException",)
    back = _step(region, "stop", "stop_configuration_recorder", named, f"Stop the recorder {name} again.", gone=gone)
    says = f"Start the recorder {name} in {region.name}."
    return _step(region, "start", "start_configuration_recorder", named, says, *((back,) if is_new else ()))


def _step(
    region: Resource, name: str, method: str, given: dict[str, Any], says: str, *undo: Step, gone: tuple[str, ...] = ()
) -> Step:
    call = Call(operation=f"config.{method}", region=region.name, arguments=given)
    return Step(name=name, says=says, call=call, gone=gone, undo=undo)


def _recorder_of(region: str = "eu-west-1", *, channels: bool = True, **config: Any) -> Resource:
    """A recorder that records, for the examples."""
    delivery = [{"name": NAME, "s3BucketName": "logs"}] if channels else []
    role = {"roleARN": "arn:aws:iam::123456789012:role/config", "DeliveryChannels": delivery}
    whole = {"recording": True, **role, **config}
    return Resource(kind=KIND, native_id=f"{region}/{NAME}", name=NAME, region=region, config=whole)


_ROLE = Resource(kind=ROLE, native_id=f"arn:aws:iam::123456789012:role/aws-service-role/{OWN_ROLE}", name=OWN_ROLE)
_HERE, _USED = example_region(), example_instance()
OFF = Rule(
    id="aws-config-recorder",
    title="AWS Config records nothing in a used region",
    description="Without a record of its settings nobody can tell later when something was opened, and by what change.",
    category=FindingCategory.SECOPS,
    severity=Severity.MEDIUM,
    risk=Risk.LOW,
    applies_to=ResourceKind.AWS_REGION,
    permissions=("config:DescribeConfigurationRecorderStatus", "config:DescribeDeliveryChannels"),
    source="CIS AWS Foundations Benchmark 3.3; AWS Config pricing; Config DescribeConfigurationRecorderStatus, "
    "DescribeDeliveryChannels",
    blind_spots=f"{BLIND}. Regions that CloudWatcher does not read are not judged. A channel without a recorder is not "
    "seen. What a recorder leaves out is another check's.",
    needs=("RegionName",),
    also_reads=(KIND, ROLE, *SIGNS),
    check=is_off,
    group="logging",
    remedy=Remedy(
        says="Makes a recorder and a channel where they are missing, and starts the recorder.",
        plan=turn_on,
        reversible=Reversible.YES,
        permissions=(
            "config:DeleteConfigurationRecorder",
            "config:DeleteDeliveryChannel",
            "config:PutConfigurationRecorder",
            "config:PutDeliveryChannel",
            "config:StartConfigurationRecorder",
            "config:StopConfigurationRecorder",
            "iam:PassRole",
        ),
    ),
    examples=(
        fires(_HERE, _USED, _ROLE, example_bucket(SERVICE)),
        fires(_HERE, _USED, _recorder_of("us-east-1")),
        fires(_HERE, _USED, example_bucket(SERVICE)),
        fires(_HERE, _USED, _ROLE),
        fires(_HERE, _USED, _recorder_of(recording=False)),
        fires(_HERE, _USED, _recorder_of(channels=False), example_bucket(SERVICE)),
        quiet(_HERE, _USED, _recorder_of()),
        quiet(_HERE, _USED, _recorder_of(recording=None, DeliveryChannels=None)),
        quiet(_HERE),
        quiet(_HERE, _USED, is_listed=lambda kind, _: kind is not KIND),
    ),
)
