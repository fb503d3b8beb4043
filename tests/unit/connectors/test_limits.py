from math import floor

import pytest

from connectors.limits import DEFAULT, LIMITS, limit_of
from domain.facts.provider import Provider

PUBLISHED = [
    (provider, service, limit, calls, seconds)
    for provider, table in LIMITS.items()
    for service, limit in table.items()
    for calls, seconds in limit.published
]


@pytest.mark.parametrize(("provider", "service", "limit", "calls", "seconds"), PUBLISHED)
def test_no_stretch_of_time_holds_more_calls_than_the_provider_says(provider, service, limit, calls, seconds):
    # The worst stretch begins with a full bucket; of tokens that come back only whole ones count.
    assert limit.burst + floor(limit.rate * seconds) <= calls


@pytest.mark.parametrize("table", LIMITS.values(), ids=[provider.value for provider in LIMITS])
def test_whoever_waits_for_the_places_of_a_service_gets_a_token_before_giving_up(table):
    """All places of two readings may queue for tokens: the last must come within the longest wait of 30 seconds."""
    for service, limit in table.items():
        assert 2 * limit.concurrency / limit.rate <= 30, service


@pytest.mark.parametrize(
    ("provider", "service", "same"),
    [
        (Provider.AZURE, "Microsoft.ResourceGraph", "resourcegraph"),
        (Provider.AZURE, "cost-management", "costmanagement"),
        (Provider.GCP, "cloudasset.googleapis.com", "cloudasset"),
        (Provider.AWS, "EC2", "ec2"),
    ],
)
def test_a_service_is_found_however_it_is_spelt(provider, service, same):
    assert limit_of(provider, service) is LIMITS[provider][same]


def test_what_the_table_does_not_name_has_the_limit_of_its_provider_or_the_common_one():
    assert limit_of(Provider.OKTA, "policies") is LIMITS[Provider.OKTA]["*"]
    assert limit_of(Provider.AWS, "glue") is DEFAULT
    assert limit_of(None, "anything") is DEFAULT
