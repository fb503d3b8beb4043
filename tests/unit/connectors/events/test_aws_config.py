"""What AWS Config writes to SNS itself, in the shape in which its documentation prints it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.events.aws import parse_events
from domain.errors import Misshapen
from domain.facts.provider_event import EventKind, ProviderEvent

AT = datetime(2026, 6, 15, 12, tzinfo=UTC)
OWN = "123456789012"


def notice(what: str, **fields: Any) -> ProviderEvent:
    made = {"messageType": what, "notificationCreationTime": "2026-06-15T12:00:00.000Z", "recordVersion": "1.0"}
    (event,) = parse_events("config", {**made, **fields})
    return event


def verdict(compliance: str) -> dict[str, Any]:
    result = {"complianceType": compliance, "resultRecordedTime": "2026-06-15T12:00:00.000Z", "annotation": "No MFA."}
    place = {"awsAccountId": OWN, "awsRegion": "eu-west-1", "resourceId": "AIDA1", "resourceType": "AWS::IAM::User"}
    return {"configRuleName": "mfa", "newEvaluationResult": result, **place}


@pytest.mark.parametrize(("compliance", "is_over"), [("NON_COMPLIANT", False), ("COMPLIANT", True)])
def test_a_verdict_of_config_is_one_whether_it_comes_by_eventbridge_or_sns(compliance, is_over):
    envelope = {"id": "e-1", "source": "aws.config", "detail-type": "Config Rules Compliance Change"}
    (by_bus,) = parse_events("eventbridge", {**envelope, "detail": verdict(compliance)})
    by_sns = notice("ComplianceChangeNotification", **verdict(compliance))

    assert (by_sns.kind, by_sns.cause, by_sns.is_over) == (EventKind.POLICY, "config:eu-west-1:mfa:AIDA1", is_over)
    assert by_sns.model_dump(exclude={"id", "raw"}) == by_bus.model_dump(exclude={"id", "raw"})
    assert (by_sns.id, by_sns.raw["configRuleName"]) == ("", "mfa")


@pytest.mark.parametrize(
    ("what", "field"),
    [
        ("ConfigurationItemChangeNotification", "configurationItem"),
        ("OversizedConfigurationItemChangeNotification", "configurationItemSummary"),
    ],
)
def test_a_resource_that_config_saw_change_is_named(what, field):
    item = {"awsAccountId": OWN, "awsRegion": "eu-west-1", "resourceId": "i-1", "ARN": "arn:i-1"}
    event = notice(what, **{field: {**item, "configurationItemStatus": "ResourceDeleted"}})

    assert (event.kind, event.name, event.at) == (EventKind.RESOURCE_CHANGE, "ResourceDeleted", AT)
    assert (event.account_native_id, event.region, event.resources) == (OWN, "eu-west-1", ("i-1", "arn:i-1"))


def test_other_notices_of_config_are_kept():
    event = notice("ConfigurationSnapshotDeliveryCompleted", configSnapshotId="s", awsAccountId=OWN)

    assert (event.kind, event.name, event.at) == (EventKind.OTHER, "ConfigurationSnapshotDeliveryCompleted", AT)
    assert (event.account_native_id, event.cause) == (OWN, None)


@pytest.mark.parametrize("message", [{"configRuleName": "mfa"}, {"messageType": "ComplianceChangeNotification"}])
def test_a_notice_that_does_not_say_what_it_is_about_is_refused(message):
    with pytest.raises(Misshapen, match=r"^The event does not say which .+\.$"):
        parse_events("config", message)
