"""Faults of what records and watches an account: trails, AWS Config, GuardDuty, Security Hub."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from domain.facts.money import Money
from tests.factories.fault import FORGETS_TOKENS, Fault
from tests.fakes.aws import ACCOUNT, REGION, Moto

BUCKET = "example-logs"
CONFIG = "config.amazonaws.com"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/config"
SECOND = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/second"
EVERYTHING: dict[str, Any] = {"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": []}
DATA = [{"Type": "AWS::S3::Object", "Values": [f"arn:aws:s3:::{BUCKET}/"]}]
ADVANCED = [
    {"Name": "Management", "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]},
    {
        "Name": "Objects",
        "FieldSelectors": [
            {"Field": "eventCategory", "Equals": ["Data"]},
            {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
        ],
    },
]


def bucket(moto: Moto, service: str) -> None:
    """A bucket that takes logs of this service. That it is there shows that the region is in use."""
    s3 = moto.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    allowed = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "s3:PutObject"}
    policy = {"Version": "2012-10-17", "Statement": [{**allowed, "Resource": f"arn:aws:s3:::{BUCKET}/*"}]}
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(policy))


def no_trail(moto: Moto) -> str:
    bucket(moto, "cloudtrail.amazonaws.com")
    return ACCOUNT


def trail(moto: Moto, name: str = "main", **options: Any) -> str:
    """A trail over all regions that records."""
    trails = moto.client("cloudtrail")
    if not trails.describe_trails()["trailList"]:
        bucket(moto, "cloudtrail.amazonaws.com")
    made = trails.create_trail(Name=name, S3BucketName=BUCKET, IsMultiRegionTrail=True, **options)
    # AWS begins with this one; moto begins with none.
    trails.put_event_selectors(TrailName=name, EventSelectors=[EVERYTHING])
    trails.start_logging(Name=name)
    return str(made["TrailARN"])


def stopped_trail(moto: Moto) -> str:
    arn = trail(moto)
    moto.client("cloudtrail").stop_logging(Name="main")
    return arn


def second_trail(**selectors: Any) -> Callable[[Moto], str]:
    def make(moto: Moto) -> str:
        trail(moto)
        arn = trail(moto, "second")
        moto.client("cloudtrail").put_event_selectors(TrailName="second", **selectors)
        return arn

    return make


def without_times(state: dict[str, Any]) -> Any:
    """When a trail was started and stopped the last time moves with every start and stop."""
    moving = ("StartLoggingTime", "StopLoggingTime")
    return {**state, "config": {key: value for key, value in state["config"].items() if key not in moving}}


def no_recorder(moto: Moto) -> str:
    """The role of the service is there, as it is where AWS Config was ever turned on."""
    bucket(moto, CONFIG)
    # moto would write its name otherwise.
    moto.client("iam").create_role(
        RoleName="AWSServiceRoleForConfig", Path=f"/aws-service-role/{CONFIG}/", AssumeRolePolicyDocument="{}"
    )
    return REGION


def recorder(*, with_channel: bool) -> Callable[[Moto], str]:
    """A recorder that does not record."""

    def make(moto: Moto) -> str:
        bucket(moto, CONFIG)
        config = moto.client("config")
        group = {"allSupported": True, "includeGlobalResourceTypes": False}
        config.put_configuration_recorder(
            ConfigurationRecorder={"name": "default", "roleARN": ROLE, "recordingGroup": group}
        )
        if with_channel:
            config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": BUCKET})
        return REGION

    return make


def used_region(moto: Moto) -> str:
    moto.client("s3").create_bucket(Bucket=BUCKET)
    return REGION


def disabled_detector(moto: Moto) -> str:
    moto.client("guardduty").create_detector(Enable=False)
    return used_region(moto)


BILLS = {SECOND: Money(amount=Decimal("6.00"), currency="USD")}
FAULTS = [
    Fault(rule_id="aws-cloudtrail-multiregion", make=no_trail),
    Fault(rule_id="aws-cloudtrail-stopped", make=stopped_trail, compared=without_times),
    Fault(rule_id="aws-cloudtrail-validation", make=lambda moto: trail(moto, EnableLogFileValidation=False)),
    Fault(
        rule_id="aws-cloudtrail-duplicate",
        make=second_trail(EventSelectors=[{**EVERYTHING, "DataResources": DATA}]),
        bills=BILLS,
    ),
    Fault(
        rule_id="aws-cloudtrail-duplicate",
        name="advanced",
        make=second_trail(AdvancedEventSelectors=ADVANCED),
        bills=BILLS,
    ),
    Fault(rule_id="aws-config-recorder", make=no_recorder),
    Fault(rule_id="aws-config-recorder", name="stopped", make=recorder(with_channel=True)),
    Fault(rule_id="aws-config-recorder", name="without-channel", make=recorder(with_channel=False)),
    Fault(rule_id="aws-guardduty-off", make=used_region, once={"create": FORGETS_TOKENS}),
    Fault(rule_id="aws-guardduty-off", name="disabled", make=disabled_detector),
    Fault(rule_id="aws-securityhub-off", make=used_region),
]
