"""What is kept of queues, topics, rules, users and web ACLs of AWS, and what is taken out of them."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from connectors.clouds.aws import alarm, error, identity_center, inspector, macie, messaging, organization, waf
from connectors.reading.listing import Place
from domain.errors import PermissionMissing, PlanMissing
from tests.fakes.collecting import NOW

HERE = Place(account_id="123456789012", region="eu-west-1", now=NOW)
URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs"


def refusal(code: str, message: str) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": 403}}
    return ClientError(answer, "X")


@pytest.mark.parametrize(
    ("endpoint", "kept"),
    [
        ("https://user@hooks.example.com:8443/services/T0/secret?key=1#x", "https://hooks.example.com"),
        ("HTTP://hooks.example.com", "http://hooks.example.com"),
        ("https://[broken/secret", "hidden"),
        ("https://", "https://"),
        ("ops@example.com", "ops@example.com"),
        ("arn:aws:sqs:eu-west-1:123456789012:jobs", "arn:aws:sqs:eu-west-1:123456789012:jobs"),
        (None, None),
    ],
)
def test_address_of_a_hook_comes_down_to_its_host(endpoint, kept):
    (one,) = messaging.without_paths({"Subscriptions": [{"SubscriptionArn": "a", "Endpoint": endpoint}]})[
        "Subscriptions"
    ]

    assert one == {"SubscriptionArn": "a", "Endpoint": kept}


def test_answer_without_the_list_stays_without_anything():
    assert messaging.without_paths({}) == {"Subscriptions": []}
    assert alarm.without_input({}) == {"Targets": []}
    assert identity_center.without_person({}) == {"Users": []}


def test_target_is_told_without_what_it_is_sent():
    given = {"Id": "1", "Arn": "a", "Input": "secret", "HttpParameters": {"HeaderParameters": {"key": "secret"}}}

    assert alarm.without_input({"Targets": [given], "NextToken": "t"}) == {
        "Targets": [{"Id": "1", "Arn": "a"}],
        "NextToken": "t",
    }


def test_person_is_told_without_where_they_live():
    given = {"UserName": "ada", "UserId": "1", "Addresses": [{"Region": "x"}], "PhoneNumbers": ["1"], "Birthdate": "y"}

    assert identity_center.without_person({"Users": [given]}) == {"Users": [{"UserName": "ada", "UserId": "1"}]}


def test_what_a_rule_looks_for_is_taken_out_wherever_it_stands():
    statement = {"ByteMatchStatement": {"SearchString": "secret", "FieldToMatch": {"SingleHeader": {"Name": "x-key"}}}}
    answer = {"WebACL": {"Rules": [{"Statement": {"AndStatement": {"Statements": [statement]}}}]}}

    hidden = str(waf.HIDDEN(answer))

    assert "x-key" in hidden
    assert "secret" not in hidden


@pytest.mark.parametrize("details", [{"Attributes": {"QueueArn": "arn:aws:sqs:eu-west-1:123456789012:jobs"}}, {}])
def test_queue_is_the_same_whether_or_not_its_attributes_could_be_read(details):
    found = messaging.parse_queue(URL, details, HERE)

    assert found is not None
    assert (found.native_id, found.name, found.region) == (
        "arn:aws:sqs:eu-west-1:123456789012:jobs",
        "jobs",
        "eu-west-1",
    )


def test_queue_that_is_gone_is_left_out():
    assert messaging.parse_queue(URL, {"Attributes": None}, HERE) is None


def test_log_group_was_made_at_a_time_in_milliseconds():
    item = {"arn": "arn:aws:logs:eu-west-1:1:log-group:a:*", "logGroupName": "a", "creationTime": 1_700_000_000_123}

    made = alarm.parse_log_group(item, {}, HERE).created_at

    # 1,700,000,000 s after 1970 is 14 November 2023, 22:13:20
    assert made is not None
    assert made.isoformat() == "2023-11-14T22:13:20.123000+00:00"
    assert alarm.parse_log_group({"arn": "a", "logGroupName": "a"}, {}, HERE).created_at is None


@pytest.mark.parametrize(
    ("state", "expected"),
    [({"ec2": {"status": "DISABLED"}, "ecr": {"status": "ENABLED"}}, True), ({"ec2": {"status": "DISABLED"}}, False)],
)
def test_inspector_is_on_when_it_scans_anything(state, expected):
    assert inspector.is_on({"resourceState": state}) is expected
    assert inspector.is_on({}) is False


def test_findings_come_in_the_order_they_were_asked_for():
    assert macie.in_order(["b", "a", "c"], [{"findings": [{"id": "a"}]}, {"findings": [{"id": "b"}]}]) == [
        {"id": "b"},
        {"id": "a"},
        None,
    ]


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        ("AccessDeniedException", "Macie is not enabled.", True),
        ("AccessDeniedException", "User: x is not authorized to perform: macie2:GetMacieSession", False),
        ("ThrottlingException", "Macie is not enabled.", False),
    ],
)
def test_sign_with_words_wants_code_and_words(code, message, expected):
    assert error.says(refusal(code, message), (macie.NOT_ON,)) is expected


def test_sign_is_no_matter_of_an_error_that_is_no_answer():
    assert error.says(ValueError("AccessDeniedException"), ("AccessDeniedException",)) is False


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("You don't have permissions to access this resource.", PlanMissing),
        ("User: x is not authorized to perform: organizations:ListAccounts on resource: *", PermissionMissing),
        ("", PermissionMissing),
    ],
)
def test_member_account_is_told_from_a_missing_permission(message, kind):
    assert type(error.translate(refusal("AccessDeniedException", message), organization.ACCOUNTS, "AWS")) is kind
