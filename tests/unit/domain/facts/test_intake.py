"""Ways of intake: whose events they bring, who makes their secrets, and where they are sent to."""

import pytest

from domain.facts.intake import IntakeWay
from domain.facts.provider import Provider

PULLED = {IntakeWay.AWS_SQS, IntakeWay.GCP_PUBSUB_PULL}
SECRETS_OF_OURS = {
    IntakeWay.AZURE_EVENT_GRID,
    IntakeWay.GITHUB_WEBHOOK,
    IntakeWay.OKTA_EVENT_HOOK,
    IntakeWay.JIRA_WEBHOOK,
}


@pytest.mark.parametrize("way", IntakeWay)
def test_a_way_is_pulled_or_has_an_address_of_its_provider(way: IntakeWay) -> None:
    address = way.address("https://watch.example.com/", "65f0")

    assert way.is_pulled == (way in PULLED)
    if way in PULLED:
        assert address is None
    else:
        assert address == f"https://watch.example.com/events/{way.provider.value.lower()}/65f0"


def test_a_way_belongs_to_the_provider_that_its_name_begins_with() -> None:
    assert IntakeWay.AWS_SNS.provider is Provider.AWS
    assert IntakeWay.SLACK_INTERACTION.provider is Provider.SLACK


def test_a_secret_is_made_by_us_or_by_slack_and_the_other_ways_have_none() -> None:
    assert {way for way in IntakeWay if way.makes_secret} == SECRETS_OF_OURS
    assert {way for way in IntakeWay if way.takes_secret} == {IntakeWay.SLACK_INTERACTION}
