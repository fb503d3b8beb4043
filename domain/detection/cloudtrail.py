"""Reads what detectors ask of a CloudTrail record, the `raw` of an API call in AWS: its parameters and policies."""

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from domain.facts.provider import Provider
from domain.facts.provider_event import EventKind, ProviderEvent

_ACCOUNT = re.compile(r"^(?:arn:[\w-]+:(?:iam|sts)::)?(\d{12})(?::|$)")
# Conditions that narrow "anybody" to somebody (IAM User Guide, "AWS global condition context keys").
_NARROWING = ("principalorgid", "principalorgpaths", "principalaccount", "sourceaccount", "sourcearn", "sourceorgid")


def is_call(event: ProviderEvent, *names: str) -> bool:
    """Whether it is one of these calls in AWS, and was done."""
    return (
        event.provider is Provider.AWS
        and event.kind is EventKind.API_CALL
        and event.name in names
        and event.error is None
    )


def asked(event: ProviderEvent) -> dict[str, Any]:
    """The request's parameters, empty where there are none."""
    return as_object(event.raw.get("requestParameters"))


def identity(event: ProviderEvent) -> dict[str, Any]:
    """Who it was, as CloudTrail describes them."""
    return as_object(event.raw.get("userIdentity"))


def as_object(value: Any) -> dict[str, Any]:
    """The value if it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def listed(value: Any) -> list[Any]:
    """A list that is written as {"items": [...]}, as a list, or as its only member."""
    inner = value.get("items") if isinstance(value, dict) and "items" in value else value
    if isinstance(inner, list):
        return inner
    return [] if inner is None or inner == {} else [inner]


def statements(document: Any) -> Iterator[dict[str, Any]]:
    """The statements that allow something, of a policy that is JSON, JSON in a text, or that in URL encoding."""
    if isinstance(document, str):
        try:
            document = json.loads(unquote(document) if document.startswith("%") else document)
        except ValueError:
            return
    for one in listed(as_object(document).get("Statement")):
        if as_object(one).get("Effect") == "Allow":
            yield one


def trusted(statement: dict[str, Any]) -> list[str]:
    """The AWS principals of a statement: "*", accounts and ARNs."""
    principal = statement.get("Principal")
    named = principal if isinstance(principal, str) else as_object(principal).get("AWS")
    return [one for one in listed(named) if isinstance(one, str)]


def is_narrowed(statement: dict[str, Any]) -> bool:
    """Whether a condition limits "anybody" to certain accounts or one organization."""
    keys = (str(key).lower() for test in as_object(statement.get("Condition")).values() for key in as_object(test))
    return any(key.rpartition(":")[2] in _NARROWING for key in keys)


def account_of(principal: str) -> str | None:
    """The account of an ARN of IAM or STS, or a bare account id; None for anything else."""
    match = _ACCOUNT.match(principal)
    return match.group(1) if match else None
