"""Settings of EC2 that are safer than how it comes: metadata only with a token, and disks encrypted unasked."""

from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import Call, Look, Step
from domain.rules.rule import Observation, Rule, RuleContext, fires, quiet

# How many requests for metadata came without a token. Source: EC2 user guide, "Transition to IMDSv2".
UNSIGNED = "MetadataNoToken.Sum"
QUIET_DAYS = 14


def takes_old_requests(instance: Resource, _: RuleContext) -> Observation | None:
    """Fires on an instance that answers requests for metadata without a token."""
    if (instance.config.get("MetadataOptions") or {}).get("HttpTokens") != "optional":
        return None
    asked = _unsigned(instance)
    told = "whether anything needs that is not known" if asked is None else f"{asked:g} such requests came in two weeks"
    return Observation(
        reason=f"Instance {instance.name} gives its keys to requests without a token (IMDSv1); {told}.",
        observed={"HttpTokens": "optional", "requests_without_token": asked},
    )


def require_tokens(instance: Resource, _: RuleContext) -> tuple[Step, ...]:
    """One change, for an instance that was asked nothing without a token for two weeks."""
    asked = _unsigned(instance)
    if asked is None:
        raise NoPlan(f"It is not known for {QUIET_DAYS} days whether a program on {instance.name} needs IMDSv1.")
    if asked > 0:
        raise NoPlan(f"A program on {instance.name} still uses IMDSv1, and would lose its keys.")
    back = _tokens(instance, "optional", "back", f"Let {instance.native_id} answer requests without a token again.")
    return (
        _tokens(instance, "required", "require", f"Let {instance.native_id} answer only requests with a token.", back),
    )


def _tokens(instance: Resource, wanted: str, name: str, says: str, *undo: Step) -> Step:
    arguments = {"InstanceId": instance.native_id, "HttpTokens": wanted}
    look = Call(
        operation="ec2.describe_instances", region=instance.region, arguments={"InstanceIds": [instance.native_id]}
    )
    return Step(
        name=name,
        says=says,
        call=Call(operation="ec2.modify_instance_metadata_options", region=instance.region, arguments=arguments),
        wait=Look(call=look, path="Reservations.0.Instances.0.MetadataOptions.State", ready=("applied",)),
        undo=undo,
    )


def _unsigned(instance: Resource) -> float | None:
    """The requests without a token of two whole weeks; None when fewer days were measured."""
    series = (instance.config.get("Metrics") or {}).get(UNSIGNED) or {}
    return sum(series.values()) if len(series) >= QUIET_DAYS else None


def is_unencrypted(region: Resource, context: RuleContext) -> Observation | None:
    """Fires on a region with volumes in which new ones are not encrypted unless asked for."""
    if region.config.get("EbsEncryptionByDefault") is not False:
        return None
    volumes = [one for one in context.every(ResourceKind.AWS_EBS_VOLUME) if one.region == region.native_id]
    if not volumes:
        return None
    plain = sorted(one.native_id for one in volumes if one.config.get("Encrypted") is False)
    return Observation(
        reason=f"New volumes in {region.native_id} are not encrypted by default; {len(plain)} of the {len(volumes)} "
        "there are not.",
        observed={"EbsEncryptionByDefault": False, "unencrypted_volumes": plain},
    )


def encrypt(region: Resource, _: RuleContext) -> tuple[Step, ...]:
    """One switch; volumes that are there stay as they are."""
    here = region.native_id
    back = Step(
        name="disable",
        says=f"Encrypt new volumes in {here} only where asked for again.",
        call=Call(operation="ec2.disable_ebs_encryption_by_default", region=here),
    )
    return (
        Step(
            name="enable",
            says=f"Encrypt every new volume and every copy of a snapshot in {here}; nothing that is there changes.",
            call=Call(operation="ec2.enable_ebs_encryption_by_default", region=here),
            undo=(back,),
        ),
    )


def _instance(tokens: str, asked: list[float] | None = None) -> Resource:
    config: dict[str, Any] = {"MetadataOptions": {"HttpTokens": tokens, "State": "applied"}}
    if asked is not None:
        config["Metrics"] = {
            UNSIGNED: {f"2026-06-{day:02}T00:00:00+00:00": value for day, value in enumerate(asked, 1)}
        }
    return Resource(kind=ResourceKind.AWS_EC2_INSTANCE, native_id="i-1", name="web", region="us-east-1", config=config)


def _region(is_encrypting: bool) -> Resource:
    config = {"EbsEncryptionByDefault": is_encrypting}
    return Resource(
        kind=ResourceKind.AWS_REGION, native_id="us-east-1", name="us-east-1", region="us-east-1", config=config
    )


def _volume(region: str = "us-east-1") -> Resource:
    config = {"Encrypted": False}
    return Resource(kind=ResourceKind.AWS_EBS_VOLUME, native_id="vol-1", name="data", region=region, config=config)


OLD_METADATA = Rule(
    id="aws-ec2-imdsv2",
    title="EC2 instance answers metadata requests without a token",
    description="A program that can be made to fetch an address gives away the keys of the machine's role by IMDSv1. "
    "IMDSv2 asks for a token first.",
    category=FindingCategory.SECOPS,
    severity=Severity.HIGH,
    risk=Risk.MEDIUM,
    applies_to=ResourceKind.AWS_EC2_INSTANCE,
    permissions=("cloudwatch:GetMetricData", "ec2:DescribeInstances"),
    source="AWS Security Hub EC2.8; EC2 DescribeInstances (MetadataOptions), CloudWatch MetadataNoToken",
    blind_spots="A program that asks less often than every two weeks is not seen. An instance that did not run for two "
    "whole weeks is reported, but not changed. Launch templates are not looked at: new instances may be as before.",
    needs=("MetadataOptions",),
    check=takes_old_requests,
    group="hardening",
    remedy=Remedy(
        says="Requires tokens, on an instance where none was missing for two weeks.",
        plan=require_tokens,
        reversible=Reversible.YES,
        permissions=("ec2:ModifyInstanceMetadataOptions",),
    ),
    examples=(
        fires(_instance("optional", [0.0] * 14)),
        fires(_instance("optional", [0.0] * 13 + [2.0])),
        fires(_instance("optional", [0.0] * 5)),
        fires(_instance("optional")),
        quiet(_instance("required")),
    ),
)

DEFAULT_ENCRYPTION = Rule(
    id="aws-ebs-default-encryption",
    title="New EBS volumes are not encrypted by default",
    description="Encryption by default costs nothing and cannot be forgotten.",
    category=FindingCategory.SECOPS,
    severity=Severity.MEDIUM,
    risk=Risk.LOW,
    applies_to=ResourceKind.AWS_REGION,
    permissions=("ec2:GetEbsEncryptionByDefault",),
    source="CIS AWS Foundations Benchmark 2.2.1; AWS Security Hub EC2.7; EC2 GetEbsEncryptionByDefault",
    blind_spots="A region without volumes counts as unused. Volumes that are there stay as they are. Which key "
    "is the default is not looked at.",
    needs=("EbsEncryptionByDefault",),
    also_reads=(ResourceKind.AWS_EBS_VOLUME,),
    check=is_unencrypted,
    group="encryption",
    remedy=Remedy(
        says="Encrypts what is made from now on.",
        plan=encrypt,
        reversible=Reversible.YES,
        permissions=("ec2:DisableEbsEncryptionByDefault", "ec2:EnableEbsEncryptionByDefault"),
    ),
    examples=(
        fires(_region(is_encrypting=False), _volume()),
        quiet(_region(is_encrypting=False), _volume("eu-west-1")),
        quiet(_region(is_encrypting=True), _volume()),
    ),
)
