"""Changes to what watches a stand-in AWS account: trails, detectors, recorders, scanners, alarms, budgets."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.factories.aws_changes_of_data import BUCKET, FAIL, PASS, ROLE, WARNING, Row, bucket, each, versions
from tests.factories.aws_changes_of_networks import machine
from tests.fakes.aws import ACCOUNT, REGION, Moto

DETECTOR = {"createdAt": "2026-01-01T00:00:00Z", "serviceRole": ROLE, "status": "ENABLED"}
SCANNERS = ("ec2", "ecr", "lambda")
ALARMED = ("aws.iam", "aws.cloudtrail", "aws.ec2")


def ago(days: float) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)


def trail(*, validated: bool = True) -> Callable[[Moto], None]:
    def make(moto: Moto) -> None:
        trails = moto.client("cloudtrail")
        trails.create_trail(Name="all", S3BucketName=BUCKET, IsMultiRegionTrail=True, EnableLogFileValidation=validated)
        # AWS begins with this one; moto begins with none.
        selector = {"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": []}
        trails.put_event_selectors(TrailName="all", EventSelectors=[selector])
        trails.start_logging(Name="all")

    return make


def undelivered(hours: float) -> Callable[[Moto], None]:
    """The trail could not deliver the last time, and last did so many hours ago."""
    said = {"IsLogging": True, "LatestDeliveryError": "AccessDenied"}
    return lambda moto: moto.say("cloudtrail.GetTrailStatus", {**said, "LatestDeliveryTime": ago(hours / 24)})


def locked_bucket(days: int) -> Callable[[Moto], None]:
    def make(moto: Moto) -> None:
        s3 = moto.client("s3")
        s3.create_bucket(Bucket=BUCKET, ObjectLockEnabledForBucket=True)
        kept = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": days}}
        lock = {"ObjectLockEnabled": "Enabled", "Rule": kept}
        s3.put_object_lock_configuration(Bucket=BUCKET, ObjectLockConfiguration=lock)

    return make


def detector(**features: str) -> Callable[[Moto], None]:
    """GuardDuty on, with these of its features."""

    def make(moto: Moto) -> None:
        made = moto.client("guardduty").create_detector(Enable=True)
        on = [{"Name": name, "Status": status} for name, status in features.items()]
        moto.say("guardduty.GetDetector", {"Status": "ENABLED", "ServiceRole": ROLE, "Features": on})
        assert made["DetectorId"]

    return make


def recorder(*, everything: bool, status: str) -> Callable[[Moto], None]:
    """AWS Config records, and its last delivery went so."""

    def make(moto: Moto) -> None:
        group = {"allSupported": everything, "includeGlobalResourceTypes": everything}
        if not everything:
            group["resourceTypes"] = ["AWS::EC2::Instance"]
        config = moto.client("config")
        config.put_configuration_recorder(
            ConfigurationRecorder={"name": "default", "roleARN": ROLE, "recordingGroup": group}
        )
        said = {"name": "default", "recording": True, "lastStatus": status}
        moto.say("config.DescribeConfigurationRecorderStatus", {"ConfigurationRecordersStatus": [said]})

    return make


def scanned(*, finding_days: float | None = None, severity: str = "HIGH") -> Callable[[Moto], None]:
    """Inspector scans everything, and has found something so many days ago."""

    def make(moto: Moto) -> None:
        on = {"status": "ENABLED", "errorCode": "ALL_ACCESS_GRANTED", "errorMessage": "none"}
        account = {"accountId": ACCOUNT, "state": on, "resourceState": dict.fromkeys(SCANNERS, on)}
        moto.say("inspector2.BatchGetAccountStatus", {"accounts": [account]})
        if finding_days is not None:
            moto.say("inspector2.ListFindings", {"findings": [_finding(finding_days, severity)]})

    return make


def _finding(days: float, severity: str) -> dict[str, Any]:
    return {
        "findingArn": f"arn:aws:inspector2:{REGION}:{ACCOUNT}:finding/1",
        "awsAccountId": ACCOUNT,
        "type": "PACKAGE_VULNERABILITY",
        "description": "a hole",
        "remediation": {},
        "severity": severity,
        "status": "ACTIVE",
        "firstObservedAt": ago(days),
        "lastObservedAt": ago(0),
        "fixAvailable": "YES",
        "resources": [{"type": "AWS_EC2_INSTANCE", "id": "i-1"}],
    }


def alarms(*, is_confirmed: bool) -> Callable[[Moto], None]:
    """Rules on what changes identities, trails and networks, told to one subscriber."""

    def make(moto: Moto) -> None:
        sns, events = moto.client("sns"), moto.client("events")
        topic = sns.create_topic(Name="alarms")["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:alarms")
        for service in ALARMED:
            events.put_rule(Name=service, EventPattern=json.dumps({"source": [service]}))
            events.put_targets(Rule=service, Targets=[{"Id": "1", "Arn": topic}])
        if not is_confirmed:
            told = {"TopicArn": topic, "Protocol": "email", "SubscriptionArn": "PendingConfirmation"}
            moto.say("sns.ListSubscriptionsByTopic", {"Subscriptions": [told]})

    return make


def budget(moto: Moto) -> None:
    limit = {"Amount": "1000", "Unit": "USD"}
    made = {"BudgetName": "all", "BudgetType": "COST", "TimeUnit": "MONTHLY", "BudgetLimit": limit}
    moto.client("budgets").create_budget(AccountId=ACCOUNT, Budget=made)


def report(days: float) -> Callable[[Moto], None]:
    row = {"id": "report-1", "name": "SOC 2 Type 2", "series": "SOC", "state": "PUBLISHED", "version": 1}
    kind = {"category": "Certifications And Attestations"}
    return lambda moto: moto.say("artifact.ListReports", {"reports": [{**row, **kind, "periodEnd": ago(days)}]})


def macie(status: str, *findings: float) -> Callable[[Moto], None]:
    """Macie with discovery so, and findings on a bucket made so many days ago."""

    def make(moto: Moto) -> None:
        moto.say("macie2.GetMacieSession", {"status": "ENABLED", "createdAt": ago(400)})
        moto.say("macie2.GetAutomatedDiscoveryConfiguration", {"status": status})
        moto.say("macie2.ListFindings", {"findingIds": [f"m-{number}" for number in range(len(findings))]})
        rows = [
            {
                "id": f"m-{number}",
                "type": "SensitiveData:S3Object/Personal",
                "createdAt": ago(days),
                "resourcesAffected": {"s3Bucket": {"name": BUCKET}},
            }
            for number, days in enumerate(findings)
        ]
        moto.say("macie2.GetFindings", {"findings": rows})

    return make


MALWARE = {"EBS_MALWARE_PROTECTION": "ENABLED", "RUNTIME_MONITORING": "ENABLED"}
ROWS: tuple[Row, ...] = (
    ("CW-AVL-04", FAIL, lambda moto: None),
    ("CW-AVL-04", WARNING, budget),
    ("CW-AVL-04", PASS, budget),
    ("CW-LOG-01", PASS, each(bucket(), trail())),
    ("CW-LOG-01", WARNING, each(bucket(), trail(), undelivered(2))),
    ("CW-LOG-01", FAIL, each(bucket(), trail(), undelivered(48))),
    ("CW-LOG-01", FAIL, bucket()),
    ("CW-LOG-02", PASS, each(locked_bucket(365), trail())),
    ("CW-LOG-02", WARNING, each(bucket(), versions, trail())),
    ("CW-LOG-02", FAIL, each(bucket(), trail())),
    ("CW-LOG-02", FAIL, each(locked_bucket(365), trail(validated=False))),
    ("CW-LOG-04", PASS, detector()),
    ("CW-LOG-04", WARNING, lambda moto: None),
    ("CW-LOG-04", FAIL, machine),
    ("CW-LOG-05", PASS, alarms(is_confirmed=True)),
    ("CW-LOG-05", WARNING, alarms(is_confirmed=False)),
    ("CW-LOG-05", FAIL, lambda moto: None),
    ("CW-LOG-06", PASS, recorder(everything=True, status="SUCCESS")),
    ("CW-LOG-06", WARNING, recorder(everything=False, status="SUCCESS")),
    ("CW-LOG-06", FAIL, recorder(everything=True, status="FAILURE")),
    ("CW-PHY-01", PASS, report(100)),
    ("CW-PHY-01", WARNING, report(800)),
    ("CW-PRV-03", PASS, macie("ENABLED")),
    ("CW-PRV-03", WARNING, each(bucket(), macie("ENABLED", 2))),
    ("CW-PRV-03", FAIL, each(bucket(), macie("ENABLED", 9))),
    ("CW-PRV-03", FAIL, macie("DISABLED")),
    ("CW-VUL-01", PASS, each(machine, scanned())),
    ("CW-VUL-01", WARNING, each(machine, scanned(finding_days=28))),
    ("CW-VUL-01", FAIL, each(machine, scanned(finding_days=200))),
    ("CW-VUL-04", PASS, each(machine, detector(**MALWARE))),
    ("CW-VUL-04", WARNING, each(machine, detector(EBS_MALWARE_PROTECTION="ENABLED"))),
    ("CW-VUL-04", FAIL, each(machine, detector())),
)
