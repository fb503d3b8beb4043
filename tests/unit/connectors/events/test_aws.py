"""Every kind of message of AWS, in the shape in which its documentation prints it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.events.aws import parse_events
from connectors.events.reading import UNDATED
from domain.errors import Misshapen
from domain.facts.provider_event import EventKind, ProviderEvent
from domain.facts.severity import Severity

AT = datetime(2026, 6, 15, 12, tzinfo=UTC)
OWN = "123456789012"
ALARM = f"arn:aws:cloudwatch:eu-west-1:{OWN}:alarm:cpu"


def envelope(what: str, detail: dict[str, Any], **fields: Any) -> ProviderEvent:
    (event,) = parse_events("eventbridge", whole(what, detail, **fields))
    return event


def whole(what: str, detail: dict[str, Any], **fields: Any) -> dict[str, Any]:
    common = {"id": "e-1", "source": "aws.x", "account": OWN, "time": "2026-06-15T12:00:00Z", "region": "eu-west-1"}
    return {**common, "resources": [], "detail-type": what, "detail": detail, **fields}


def record(name: str, **fields: Any) -> ProviderEvent:
    common = {
        "eventID": "r-1",
        "eventName": name,
        "eventSource": "ec2.amazonaws.com",
        "eventTime": "2026-06-15T11:59:00Z",
        "awsRegion": "eu-central-1",
        "sourceIPAddress": "52.95.110.1",
        "recipientAccountId": OWN,
        "userIdentity": {"type": "IAMUser", "arn": f"arn:aws:iam::{OWN}:user/ann", "userName": "ann"},
    }
    return envelope("AWS API Call via CloudTrail", {**common, **fields})


def test_a_call_is_read_with_who_did_what_to_which_thing_and_where():
    request = {"instancesSet": {"items": [{"instanceId": "i-1"}, {"instanceId": "i-2"}]}}
    event = record("StopInstances", requestParameters=request, resources=[{"ARN": "arn:x"}])

    assert (event.kind, event.name, event.source, event.id) == (
        EventKind.API_CALL,
        "StopInstances",
        "ec2.amazonaws.com",
        "r-1",
    )
    assert event.at == datetime(2026, 6, 15, 11, 59, tzinfo=UTC)
    assert (event.account_native_id, event.region, event.address) == (OWN, "eu-central-1", "52.95.110.1")
    assert (event.principal, event.principal_kind) == (f"arn:aws:iam::{OWN}:user/ann", "IAMUser")
    assert event.resources == ("i-1", "i-2", "arn:x")
    assert event.service == "ec2.amazonaws.com"
    assert event.error is None


@pytest.mark.parametrize(
    ("service", "request_", "region", "named"),
    [
        ("s3", {"bucketName": "b"}, "eu-central-1", ("b", "arn:aws:s3:::b")),
        ("iam", {"userName": "eve"}, "us-east-1", ("eve", f"arn:aws:iam::{OWN}:user/eve")),
        ("lambda", {"functionName": "arn:aws:lambda:f"}, "us-east-1", ("arn:aws:lambda:f",)),
        ("cloudtrail", {"name": "t"}, "cn-north-1", ("t", f"arn:aws-cn:cloudtrail:cn-north-1:{OWN}:trail/t")),
        ("rds", {"dBInstanceIdentifier": "d"}, "us-gov-east-1", ("d", f"arn:aws-us-gov:rds:us-gov-east-1:{OWN}:db:d")),
        ("secretsmanager", {"secretIdList": ["a", "b"]}, "eu-central-1", ("a", "b")),
    ],
)
def test_things_are_named_as_they_are_asked_for_and_as_a_sync_knows_them(service, request_, region, named):
    event = record("X", eventSource=f"{service}.amazonaws.com", requestParameters=request_, awsRegion=region)

    assert event.resources == named


def test_machines_that_a_call_has_made_are_named():
    made = {"instancesSet": {"items": [{"instanceId": "i-9"}]}}

    assert record("RunInstances", responseElements=made).resources == ("i-9",)


@pytest.mark.parametrize(
    ("identity", "principal"),
    [
        ({"type": "Root", "accountId": OWN, "arn": "arn:root"}, f"root of {OWN}"),
        (
            {"type": "AssumedRole", "arn": "arn:session", "sessionContext": {"sessionIssuer": {"arn": "arn:role"}}},
            "arn:role",
        ),
        ({"type": "AssumedRole", "arn": "arn:session"}, "arn:session"),
        ({"type": "AWSService", "invokedBy": "ec2.amazonaws.com"}, "ec2.amazonaws.com"),
        ({"type": "Unknown", "principalId": "AIDA"}, "AIDA"),
        ({}, None),
    ],
)
def test_a_role_is_one_actor_whatever_its_session(identity, principal):
    assert record("X", userIdentity=identity).principal == principal


def test_a_refused_call_has_its_code():
    assert record("X", errorCode="AccessDenied").error == "AccessDenied"


def test_a_sign_in_that_failed_says_why():
    sign_in = {"eventType": "AwsConsoleSignIn", "eventSource": "signin.amazonaws.com"}
    failed = record("ConsoleLogin", responseElements={"ConsoleLogin": "Failure"}, errorMessage="No such", **sign_in)
    silent = record("ConsoleLogin", responseElements={"ConsoleLogin": "Failure"}, **sign_in)
    passed = record("ConsoleLogin", responseElements={"ConsoleLogin": "Success"}, **sign_in)

    assert (failed.kind, failed.error, silent.error, passed.error) == (EventKind.SIGN_IN, "No such", "Failure", None)


def test_a_record_of_another_service_is_read_by_the_envelope_it_comes_in():
    detail = {"eventName": "RotateKey", "eventSource": "kms.amazonaws.com"}
    event = envelope("AWS Service Event via CloudTrail", detail)

    assert (event.name, event.id, event.at, event.account_native_id) == ("RotateKey", "e-1", AT, OWN)


@pytest.mark.parametrize(
    ("severity", "level"),
    [(9, "CRITICAL"), (8.9, "HIGH"), (7, "HIGH"), (6.9, "MEDIUM"), (4, "MEDIUM"), (3.9, "LOW"), (None, "LOW")],
)
def test_severities_of_guardduty_are_taken_over(severity, level):
    event = envelope("GuardDuty Finding", {"id": "f", "type": "T", "severity": severity})

    assert event.severity is Severity(level)


def test_a_finding_of_guardduty_is_a_threat_until_it_is_archived():
    resource = {
        "accessKeyDetails": {"userName": "ann", "userType": "IAMUser"},
        "instanceDetails": {"instanceId": "i-1"},
        "s3BucketDetails": [{"name": "b"}],
    }
    action = {"actionType": "AWS_API_CALL", "awsApiCallAction": {"remoteIpDetails": {"ipAddressV4": "185.1.1.1"}}}
    detail = {"id": "f", "type": "Recon:X", "severity": 5, "resource": resource, "title": "T", "description": "D"}

    open_one = envelope("GuardDuty Finding", {**detail, "service": {"action": action, "archived": False}})
    closed = envelope("GuardDuty Finding", {**detail, "service": {"archived": True}})

    assert (open_one.kind, open_one.cause, open_one.is_over) == (EventKind.THREAT, "guardduty:f", False)
    assert (open_one.principal, open_one.address, open_one.resources) == ("ann", "185.1.1.1", ("i-1", "b", "ann"))
    assert (open_one.title, open_one.message) == ("T", "D")
    assert (closed.is_over, closed.address) == (True, None)


def finding(**fields: Any) -> dict[str, Any]:
    return {"Id": "arn:f/1", "Title": "T", "AwsAccountId": OWN, "Severity": {"Label": "HIGH"}, **fields}


def test_a_batch_of_security_hub_is_one_event_for_each_finding():
    threat, check = finding(Types=["TTPs/Discovery"], GeneratorId="g"), finding(Id="arn:f/2", AwsAccountId="2" * 12)
    events = parse_events("eventbridge", whole("Security Hub Findings - Imported", {"findings": [threat, check]}))

    assert [event.kind for event in events] == [EventKind.THREAT, EventKind.POLICY]
    assert [event.account_native_id for event in events] == [OWN, "2" * 12]
    assert [event.cause for event in events] == ["securityhub:arn:f/1", "securityhub:arn:f/2"]
    assert len({event.id for event in events}) == 2


@pytest.mark.parametrize(
    "fields",
    [
        {"RecordState": "ARCHIVED"},
        {"Workflow": {"Status": "RESOLVED"}},
        {"Workflow": {"Status": "SUPPRESSED"}},
        {"Compliance": {"Status": "PASSED"}},
    ],
)
def test_a_finding_of_security_hub_that_is_settled_is_over(fields):
    (event,) = parse_events("eventbridge", whole("Security Hub Findings - Imported", {"findings": [finding(**fields)]}))

    assert event.is_over


def test_a_threat_that_comes_by_guardduty_and_by_security_hub_has_one_cause():
    imported = finding(Id="arn:aws:guardduty:x:detector/d/finding/f", ProductName="GuardDuty")
    (event,) = parse_events("eventbridge", whole("Security Hub Findings - Imported", {"findings": [imported]}))

    assert event.cause == envelope("GuardDuty Finding", {"id": "f", "type": "T"}).cause


@pytest.mark.parametrize("findings", [[], None, [{"Title": "no id"}], [finding()] * 101])
def test_a_batch_that_is_none_is_refused(findings):
    with pytest.raises(Misshapen):
        parse_events("eventbridge", whole("Security Hub Findings - Imported", {"findings": findings}))


@pytest.mark.parametrize(
    ("verdict", "is_over"), [("NON_COMPLIANT", False), ("COMPLIANT", True), ("NOT_APPLICABLE", True)]
)
def test_a_rule_of_config_is_broken_until_it_is_not(verdict, is_over):
    detail = {"configRuleName": "r", "resourceId": "i-1", "newEvaluationResult": {"complianceType": verdict}}
    event = envelope("Config Rules Compliance Change", detail)

    assert (event.kind, event.is_over, event.cause) == (EventKind.POLICY, is_over, "config:eu-west-1:r:i-1")
    assert event.title == "Config rule r is broken by i-1"


def test_a_changed_item_of_config_is_a_change_of_its_resource():
    item = {"resourceId": "i-1", "ARN": "arn:i", "awsAccountId": "2" * 12, "configurationItemStatus": "ResourceDeleted"}
    event = envelope("Config Configuration Item Change", {"configurationItem": item})

    assert (event.kind, event.name) == (EventKind.RESOURCE_CHANGE, "ResourceDeleted")
    assert (event.resources, event.account_native_id) == (("i-1", "arn:i"), "2" * 12)


def test_a_machine_that_stops_is_a_change():
    event = envelope("EC2 Instance State-change Notification", {"state": "stopped"}, resources=["arn:i"])

    assert (event.kind, event.resources) == (EventKind.RESOURCE_CHANGE, ("arn:i",))


def by_sns(state: str) -> ProviderEvent:
    body = {
        "AlarmArn": ALARM,
        "AlarmName": "cpu",
        "NewStateValue": state,
        "NewStateReason": "R",
        "StateChangeTime": "2026-06-15T12:00:00.000+0000",
        "Region": "EU (Ireland)",
        "Trigger": {"Dimensions": [{"name": "InstanceId", "value": "i-1"}]},
    }
    (event,) = parse_events("alarm", body)
    return event


def by_eventbridge(state: str) -> ProviderEvent:
    metric = {"metricStat": {"metric": {"dimensions": {"InstanceId": "i-1"}}}}
    detail = {
        "alarmName": "cpu",
        "state": {"value": state, "reason": "R", "timestamp": "2026-06-15T12:00:00.000+0000"},
        "configuration": {"metrics": [metric]},
    }
    return envelope("CloudWatch Alarm State Change", detail, resources=[ALARM])


@pytest.mark.parametrize("read", [by_sns, by_eventbridge])
def test_an_alarm_is_the_same_by_whatever_way_it_comes(read):
    on, off, unknown = read("ALARM"), read("OK"), read("INSUFFICIENT_DATA")

    assert (on.kind, on.cause, on.is_over) == (EventKind.ALARM, f"alarm:{ALARM}", False)
    assert (on.title, on.message, on.at) == ("Alarm cpu", "R", AT)
    assert (on.account_native_id, on.region, on.resources) == (OWN, "eu-west-1", ("i-1", ALARM))
    assert off.is_over
    assert (unknown.kind, unknown.cause) == (EventKind.OTHER, None)


LETTER = """AWS Budget Notification June 15, 2026
AWS Account 123456789012

Dear AWS Customer,

You requested that we alert you when the ACTUAL Cost associated with your Monthly budget is greater than $80.00.

Budget Name: Monthly
Budget Type: Cost
Budgeted Amount: $1,000.00
Alert Type: {way}
Alert Threshold: > $800.00
{way} Amount: {amount}
"""


@pytest.mark.parametrize(
    ("way", "amount", "severity"),
    [
        ("ACTUAL", "$850.00", Severity.MEDIUM),
        ("ACTUAL", "$1,000.00", Severity.HIGH),
        ("FORECASTED", "$2,000.00", Severity.MEDIUM),
        ("ACTUAL", "unknown", Severity.MEDIUM),
    ],
)
def test_the_letter_of_a_budget_says_which_and_how_far(way, amount, severity):
    (event,) = parse_events("budget", {"text": LETTER.format(way=way, amount=amount), "subject": "AWS Budgets"})

    assert (event.kind, event.severity, event.account_native_id) == (EventKind.BUDGET, severity, OWN)
    assert event.cause == f"budget:Monthly:{way}:> $800.00"
    assert amount in (event.message or "")
    assert event.at == UNDATED


def test_any_other_text_is_kept():
    (event,) = parse_events("text", {"text": "Hello", "subject": "Hi", "timestamp": "2026-06-15T12:00:00Z"})

    assert (event.kind, event.name, event.message, event.at) == (EventKind.OTHER, "Hi", "Hello", AT)


def test_a_cost_anomaly_says_where_and_how_much():
    causes = [{"service": "Amazon EC2", "region": "us-east-2"}, {"service": "Amazon S3"}]
    detail = {"anomalyId": "a", "impact": {"totalImpact": 120.5}, "rootCauses": causes}
    event = envelope("Anomaly Detected", detail)

    assert (event.kind, event.cause, event.region) == (EventKind.COST_ANOMALY, "cost-anomaly:a", "us-east-2")
    assert event.title == "AWS sees an unusual cost in Amazon EC2, Amazon S3"
    assert event.message == "It has cost 120.5 US dollars more than AWS expected."
    assert event.service is None


def test_a_cost_anomaly_of_one_service_names_it():
    causes = [{"service": "Amazon EC2", "region": "us-east-2"}, {"service": "Amazon EC2", "region": "us-east-1"}]
    event = envelope("Anomaly Detected", {"anomalyId": "a", "rootCauses": causes})

    assert event.service == "Amazon EC2"


@pytest.mark.parametrize(
    ("what", "service"),
    [
        ("Recon:EC2/PortProbeUnprotectedPort", "ec2"),
        ("UnauthorizedAccess:IAMUser/ConsoleLoginSuccess.B", "iam"),
        ("PrivilegeEscalation:Kubernetes/PrivilegedContainer", "eks"),
        ("Execution:Runtime/NewBinaryExecuted", None),
        ("T", None),
    ],
)
def test_a_finding_of_guardduty_names_the_service_that_is_attacked(what, service):
    assert envelope("GuardDuty Finding", {"id": "f", "type": what}).service == service


def test_trouble_at_aws_ends_when_aws_says_so():
    detail = {
        "eventArn": "arn:h",
        "service": "EC2",
        "eventTypeCode": "AWS_EC2_DOWN",
        "eventTypeCategory": "issue",
        "eventDescription": [{"language": "en_US", "latestDescription": "D"}],
        "affectedEntities": [{"entityValue": "i-1"}],
    }
    issue = envelope("AWS Health Event", {**detail, "statusCode": "open"})
    closed = envelope("AWS Health Event", {**detail, "statusCode": "closed"})
    planned = envelope("AWS Health Event", {**detail, "eventTypeCategory": "scheduledChange"})

    assert (issue.kind, issue.severity, issue.cause) == (EventKind.HEALTH, Severity.MEDIUM, "health:arn:h")
    assert (issue.title, issue.message, issue.resources) == ("AWS Health: AWS_EC2_DOWN (EC2)", "D", ("i-1",))
    assert (closed.is_over, planned.severity) == (True, Severity.LOW)


def test_what_is_not_known_is_kept_as_it_came():
    event = envelope("Something New", {"a": 1}, resources=["arn:x"])

    assert (event.kind, event.name, event.source) == (EventKind.OTHER, "Something New", "aws.x")
    assert event.raw["detail"] == {"a": 1}


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("eventbridge", []),
        ("eventbridge", {"detail": {}}),
        ("eventbridge", {"detail-type": "x", "detail": "y"}),
        ("eventbridge", {"detail-type": "GuardDuty Finding", "detail": {}}),
        ("eventbridge", {"detail-type": "AWS Health Event", "detail": {}}),
        ("eventbridge", {"detail-type": "AWS API Call via CloudTrail", "detail": {"eventName": "X"}}),
        ("alarm", {}),
        ("budget", {"text": "no budget"}),
        ("carrier pigeon", {}),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_sentence(kind, body):
    with pytest.raises(Misshapen, match=r"\.$"):
        parse_events(kind, body)
