"""Texts to copy that send a provider's events to an endpoint, in forms that shells, JSON and the vendors take."""

import json
import re
import subprocess
from typing import Any

import boto3
import pytest
from moto import mock_aws

from domain.facts.intake import IntakeWay
from domain.facts.intake_settings import SETTINGS_OF
from domain.setup.event_aws import PATTERN
from domain.setup.event_place import EventPlace, plain
from domain.setup.event_setup import EventSetup, event_setup_of

TOPIC = "arn:aws:sns:eu-west-1:111122223333:security-events"
QUEUE = "https://sqs.eu-west-1.amazonaws.com/111122223333/events"
TENANT = "11111111-2222-3333-4444-555555555555"
SETTINGS: dict[IntakeWay, list[dict[str, Any]]] = {
    IntakeWay.AWS_SNS: [{"topic_arns": [TOPIC, "arn:aws:sns:us-east-1:111122223333:more"]}, {"topic_arns": ["odd"]}],
    IntakeWay.AWS_SQS: [{"queue_url": QUEUE}, {"queue_url": "https://queue.example.com"}],
    IntakeWay.AZURE_EVENT_GRID: [{}, {"tenant_id": TENANT, "audience": "api://cloudwatcher"}],
    IntakeWay.GCP_PUBSUB_PUSH: [
        {"subscription": "projects/acme-prod/subscriptions/watch", "service_account": "push@acme.iam.example.com"},
        {"subscription": "odd", "service_account": "push@acme.iam.example.com", "audience": "https://aud.example.com"},
    ],
    IntakeWay.GCP_PUBSUB_PULL: [{"subscription": "projects/acme-prod/subscriptions/watch"}],
    IntakeWay.GITHUB_WEBHOOK: [{}],
    IntakeWay.OKTA_EVENT_HOOK: [{}, {"header": "x-hook"}],
    IntakeWay.JIRA_WEBHOOK: [{}],
    IntakeWay.SLACK_INTERACTION: [{"team_id": "T0001"}],
}
CASES = [(way, settings) for way in IntakeWay for settings in SETTINGS[way]]


def setup(way: IntakeWay, settings: dict[str, Any]) -> EventSetup:
    address = way.address("https://watch.example.com/", "64b7f0c2a1d3e4f5a6b7c8d9") or ""
    return event_setup_of(way, EventPlace(address=address, account="acme"), settings)


def content(made: EventSetup, language: str) -> str:
    (found,) = [snippet.content for snippet in made.snippets if snippet.language == language]
    return found


def test_every_way_is_set_up():
    assert set(SETTINGS) == set(SETTINGS_OF) == set(IntakeWay)


@pytest.mark.parametrize(("way", "settings"), CASES)
def test_what_is_pushed_names_the_address(way: IntakeWay, settings: dict[str, Any]):
    made = setup(way, settings)

    address = f"https://watch.example.com/events/{way.provider.value.lower()}/64b7f0c2a1d3e4f5a6b7c8d9"
    for snippet in made.snippets:
        assert (address in snippet.content) is not way.is_pulled
    assert made.steps


@pytest.mark.parametrize(("way", "settings"), CASES)
def test_commands_are_of_the_shell_and_json_is_json(way: IntakeWay, settings: dict[str, Any]):
    for snippet in setup(way, settings).snippets:
        if snippet.language == "bash":
            subprocess.run(["bash", "-n"], input=snippet.content.encode(), check=True)
        if snippet.language == "json":
            assert json.loads(snippet.content)


@pytest.mark.parametrize(("way", "settings"), CASES)
def test_terraform_has_its_braces_in_pairs(way: IntakeWay, settings: dict[str, Any]):
    for snippet in setup(way, settings).snippets:
        if snippet.language == "hcl":
            bare = re.sub(r'"(?:[^"\\]|\\.)*"', '""', snippet.content)
            assert bare.count("{") == bare.count("}") > 0


@pytest.mark.parametrize("way", [IntakeWay.GITHUB_WEBHOOK, IntakeWay.JIRA_WEBHOOK, IntakeWay.OKTA_EVENT_HOOK])
def test_what_is_posted_is_json_with_the_secret_in_it(way: IntakeWay):
    script = content(setup(way, {}), "bash")
    posted = script.partition("<<HOOK")[2].partition("\n")[2].partition("\nHOOK\n")[0]

    sent = subprocess.run(
        ["bash", "-c", f"SECRET=of-256-bits\ncat <<HOOK\n{posted}\nHOOK"],
        capture_output=True,
        check=True,
    ).stdout

    assert "of-256-bits" in json.dumps(json.loads(sent))


def test_aws_takes_the_pattern_of_the_rule_and_the_policies():
    made = setup(IntakeWay.AWS_SQS, {"queue_url": QUEUE})
    attributes = re.search(r"--attributes '(.*)'", content(made, "bash"))
    assert attributes is not None

    with mock_aws():
        events, sqs = boto3.client("events", "eu-west-1"), boto3.client("sqs", "eu-west-1")
        events.put_rule(Name="cloudwatcher-events", EventPattern=json.dumps(PATTERN))
        sqs.create_queue(QueueName="events-dead")
        url = sqs.create_queue(QueueName="events", Attributes={"Policy": json.loads(attributes[1])["Policy"]})[
            "QueueUrl"
        ]
        kept = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]
        policy = json.loads(kept["Policy"])

    (statement,) = policy["Statement"]
    assert statement["Resource"] == "arn:aws:sqs:eu-west-1:111122223333:events"
    assert statement["Condition"]["ArnEquals"]["aws:SourceArn"].startswith("arn:aws:events:eu-west-1:111122223333:")


def test_a_topic_is_set_up_in_its_region_with_signatures_of_version_2():
    script = content(setup(IntakeWay.AWS_SNS, {"topic_arns": [TOPIC]}), "bash")

    assert "aws sns create-topic --region eu-west-1 --name security-events" in script
    assert "--attribute-name SignatureVersion --attribute-value 2" in script


def test_a_token_takes_the_place_of_the_secret():
    by_secret, by_token = (
        content(setup(IntakeWay.AZURE_EVENT_GRID, one), "bash") for one in SETTINGS[IntakeWay.AZURE_EVENT_GRID]
    )

    assert 'X-CloudWatcher-Secret static "$SECRET" true' in by_secret
    assert "SECRET" not in by_token
    assert f"--azure-active-directory-tenant-id {TENANT}" in by_token


def test_the_audience_of_pushes_is_the_address_unless_another_is_set():
    by_address, other = (
        content(setup(IntakeWay.GCP_PUBSUB_PUSH, one), "bash") for one in SETTINGS[IntakeWay.GCP_PUBSUB_PUSH]
    )

    assert "--push-auth-token-audience https://watch.example.com/events/gcp/" in by_address
    assert "--push-auth-token-audience https://aud.example.com" in other


def test_settings_cannot_break_out_of_a_command():
    assert plain("""a'; rm -rf "$HOME" `id` ${x}\n#""") == "a rm -rf HOME id x"


@pytest.mark.parametrize(
    ("way", "settings"),
    [
        (IntakeWay.OKTA_EVENT_HOOK, {"header": 'x"$(touch /tmp/x)`id`'}),
        (IntakeWay.GCP_PUBSUB_PUSH, {"subscription": "s'; id", "service_account": "a $(id) `id` ; id"}),
        (IntakeWay.AZURE_EVENT_GRID, {"tenant_id": TENANT, "audience": "x; $(id) `id`"}),
        (IntakeWay.AWS_SNS, {"topic_arns": ["x; $(id) `id` 'y'"]}),
    ],
)
def test_no_setting_brings_commands_of_its_own(way: IntakeWay, settings: dict[str, Any]):
    script = content(setup(way, settings), "bash")

    assert "$(id)" not in script
    assert "$(touch" not in script
    assert "`" not in script
