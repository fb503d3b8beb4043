"""How rules read a resource of Azure, and how their steps name calls of Resource Manager. No rules here."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from domain.facts.resource import Resource
from domain.remediation.step import Call
from domain.rules.list_price import usd
from domain.rules.rule import RuleContext

# What a second delete is told. Source: "Troubleshoot common Azure deployment errors".
GONE = ("NotFound", "ParentResourceNotFound", "ResourceGroupNotFound", "ResourceNotFound")


def own(resource: Resource) -> Mapping[str, Any]:
    """The service's own fields; empty where there are none."""
    return resource.config.get("properties") or {}


def on(operation: str, native_id: str, **body: Any) -> Call:
    """A call on one thing by its whole id, with what its body holds."""
    return Call(operation=operation, arguments={"id": native_id, **body})


def subscription_of(native_id: str) -> str:
    """`/subscriptions/<id>` of a thing inside of one."""
    return "/".join(native_id.split("/")[:3])


def group_of(native_id: str) -> str:
    """`/subscriptions/<id>/resourceGroups/<name>` of a thing inside of one."""
    return "/".join(native_id.split("/")[:5])


def is_same(one: str, other: str) -> bool:
    """Whether two ids or names are the same to Azure, which does not mind the case."""
    return one.lower() == other.lower()


def kept(values: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Those of these fields that are set."""
    return {name: values[name] for name in names if values.get(name) is not None}


def tag_of(resource: Resource, name: str) -> str:
    """The value of a tag, whose name has no case in Azure; empty without one."""
    return next((value for key, value in resource.tags.items() if is_same(key, name)), "")


def moment(text: str | None) -> datetime | None:
    """An aware time as Resource Manager writes it; None for none."""
    return datetime.fromisoformat(text) if text else None


def whole_bill(resource: Resource, context: RuleContext) -> dict[str, Any]:
    """The fields of an observation whose saving is all that the resource costs; empty while that is not known."""
    billed = context.billed_usd(resource.native_id)
    if billed is None:
        return {}
    return {"estimated_monthly_saving": usd(billed), "saving_formula": f"{usd(billed).amount} USD bill"}
