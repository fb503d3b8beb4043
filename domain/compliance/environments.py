"""Which environment a thing says it belongs to, and whether production depends on it."""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from domain.compliance.answers import Answers

AWS_TAGS = "resourcegroupstaggingapi.get_resources"
ENVIRONMENT_KEYS = frozenset({"environment", "env", "stage"})
CRITICALITY_KEYS = frozenset({"criticality", "business-criticality"})
PRODUCTION_WORDS = frozenset({"prod", "prd", "production", "live"})
SHARED_WORDS = frozenset({"shared", "common", "hub"})
OTHER_WORDS = frozenset({"dev", "development", "test", "testing", "qa", "uat", "stage", "staging", "sandbox", "demo"})
MINOR_WORDS = frozenset({"low", "minor", "noncritical", "non-critical"})


class Environment(StrEnum):
    """SHARED serves several environments, as networks and logs do."""

    PRODUCTION = "production"
    OTHER = "not production"
    SHARED = "shared"


def named(text: str) -> Environment | None:
    """The environment whose word stands in a name, as in "shop-prod" or "non-production"; None for other names."""
    words = set(re.split(r"[^a-z]+", text.lower()))
    if words & OTHER_WORDS or (words & PRODUCTION_WORDS and words & {"non", "pre"}) or words & {"nonprod", "preprod"}:
        return Environment.OTHER
    if words & PRODUCTION_WORDS:
        return Environment.PRODUCTION
    return Environment.SHARED if words & SHARED_WORDS else None


def tags_of(tags: Any) -> dict[str, str]:
    """Tags by their keys in lower case. They are a mapping, a list of {Key, Value}, or words such as "env:prod"."""
    if isinstance(tags, Mapping):
        return {str(key).lower(): str(value) for key, value in tags.items()}
    return dict(_pair(tag) for tag in tags or ())


def environments_of(tags: Any) -> set[Environment]:
    """What the tags say: nothing, one environment, or several. A value that is no known word is not production."""
    found = tags_of(tags)
    told = {named(found[key]) or Environment.OTHER for key in ENVIRONMENT_KEYS if found.get(key)}
    # A bare word, the only form that some providers have, says it without a key.
    bare = {environment for key, value in found.items() if not value and (environment := named(key))}
    return told | bare


def is_critical(tags: Any) -> bool:
    """Whether production may depend on a thing: always, unless its tags say otherwise."""
    found = tags_of(tags)
    if any(found.get(key, "").lower() in MINOR_WORDS for key in CRITICALITY_KEYS):
        return False
    return environments_of(tags) != {Environment.OTHER}


def aws_tags(answers: Answers) -> dict[str, Any]:
    """The tags of everything in AWS that has some, by ARN. Raises as `Answers.calls`."""
    return {one["ResourceARN"]: one["Tags"] for one in answers.items(AWS_TAGS, "ResourceTagMappingList")}


def words(found: Iterable[Environment]) -> str:
    return " and ".join(sorted(found)) or "no environment"


def _pair(tag: Any) -> tuple[str, str]:
    if isinstance(tag, Mapping):
        return str(tag["Key"]).lower(), str(tag["Value"])
    key, _, value = tag.partition(":")
    return key.lower(), value
