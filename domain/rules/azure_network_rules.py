"""The firewall of storage accounts and key vaults, which both call networkAcls. No rules here."""

from collections.abc import Mapping
from typing import Any

TRUSTED = "AzureServices"
# A thing without rules. Source: Vaults - Create Or Update (networkAcls), Storage Accounts - Create (networkAcls).
NO_RULES = {"bypass": TRUSTED, "defaultAction": "Allow"}


def is_open(properties: Mapping[str, Any]) -> bool:
    """Whether every network is let in; things without rules are open."""
    is_reachable = properties.get("publicNetworkAccess") not in ("Disabled", "SecuredByPerimeter")
    return is_reachable and _rules(properties).get("defaultAction") != "Deny"


def closed(properties: Mapping[str, Any]) -> dict[str, Any]:
    """All rules as they are, but refusing whom they do not name; trusted services of Azure are let in beside them."""
    rules = _rules(properties)
    past = [one.strip() for one in str(rules.get("bypass") or "").split(",") if one.strip() not in ("", "None")]
    if TRUSTED not in past:
        past.append(TRUSTED)
    return {"networkAcls": {**rules, "bypass": ", ".join(past), "defaultAction": "Deny"}}


def opened(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The rules as they were."""
    return {"networkAcls": {**NO_RULES, **_rules(properties)}}


def _rules(properties: Mapping[str, Any]) -> dict[str, Any]:
    return dict(properties.get("networkAcls") or {})
