"""Which environment a thing says it belongs to."""

from typing import Any

import pytest

from domain.compliance.environments import Environment, aws_tags, environments_of, is_critical, named
from domain.facts.compliance import Integration
from tests.factories.answers import answers


@pytest.mark.parametrize(
    ("text", "environment"),
    [
        ("Prod", Environment.PRODUCTION),
        ("shop-live-1", Environment.PRODUCTION),
        ("non-production", Environment.OTHER),
        ("nonprod", Environment.OTHER),
        ("test-of-prod", Environment.OTHER),
        ("shared services", Environment.SHARED),
        ("product", None),
    ],
)
def test_name_tells_its_environment_by_whole_words(text: str, environment: Environment | None) -> None:
    assert named(text) is environment


@pytest.mark.parametrize(
    ("tags", "critical"),
    [
        (None, True),
        ({"Env": "prod"}, True),
        ({"Env": "dev"}, False),
        ({"Env": "dev", "stage": "prod"}, True),
        ([{"Key": "environment", "Value": "staging"}], False),
        (["env:qa"], False),
        (["sandbox"], False),
        (["web"], True),
        ({"Criticality": "Low"}, False),
        ({"criticality": "high"}, True),
    ],
)
def test_thing_is_critical_unless_its_tags_say_otherwise(tags: Any, critical: bool) -> None:
    assert is_critical(tags) is critical


def test_value_that_is_no_known_word_is_not_production() -> None:
    assert environments_of({"environment": "blue"}) == {Environment.OTHER}


def test_tags_of_aws_are_found_by_name() -> None:
    mapping = {"ResourceARN": "arn:1", "Tags": [{"Key": "a", "Value": "b"}]}
    told = answers(Integration.AWS, ("resourcegroupstaggingapi.get_resources", {"ResourceTagMappingList": [mapping]}))

    assert aws_tags(told) == {"arn:1": mapping["Tags"]}
