"""CloudTrail's trails: what they record, and of whom they are. No rules here."""

from collections.abc import Mapping
from typing import Any

from domain.facts.resource import Resource, ResourceKind
from domain.remediation.remedy import NoPlan
from domain.rules.rule import RuleContext

MANAGEMENT = ["Management"]


def selects_management(selector: Mapping[str, Any]) -> bool:
    """Whether an event selector, basic or advanced, takes events of management in."""
    if "FieldSelectors" in selector:
        fields = {one["Field"]: one for one in selector["FieldSelectors"]}
        return bool(fields.get("eventCategory", {}).get("Equals") == MANAGEMENT)
    return bool(selector.get("IncludeManagementEvents", True))


def selects_all_management(selector: Mapping[str, Any]) -> bool:
    """The same for all of them, reads and writes, of every service."""
    if not selects_management(selector):
        return False
    if "FieldSelectors" in selector:
        return len(selector["FieldSelectors"]) == 1
    return selector.get("ReadWriteType", "All") == "All" and not selector.get("ExcludeManagementEventSources")


def selectors(trail: Resource) -> list[dict[str, Any]] | None:
    """Its event selectors of either sort; None when they were not read. Source: CloudTrail GetEventSelectors."""
    if "EventSelectors" not in trail.config:
        return None
    return [*(trail.config["EventSelectors"] or []), *(trail.config.get("AdvancedEventSelectors") or [])]


def records_management(trail: Resource) -> bool | None:
    """Whether it records events of management; None when that is not known. A trail without selectors does."""
    found = selectors(trail)
    return None if found is None else not found or any(map(selects_management, found))


def records_all_management(trail: Resource) -> bool:
    """Whether it is known to record all events of management in all regions, now."""
    found = selectors(trail)
    return (
        trail.config.get("IsLogging") is True
        and trail.config.get("IsMultiRegionTrail") is True
        and found is not None
        and (not found or any(map(selects_all_management, found)))
    )


def must_be_own(trail: Resource, context: RuleContext) -> None:
    """Raises NoPlan for a trail of an organization that another account owns: only that one may change it."""
    own = {one.native_id for one in context.every(ResourceKind.AWS_ACCOUNT)}
    owner = trail.native_id.split(":")[4]
    if trail.config.get("IsOrganizationTrail") and owner not in own:
        raise NoPlan(f"Trail {trail.name} belongs to account {owner} of the organization and is changed there.")
