"""Writes whose whole value must be sent: it is read first, changed in the one place, and sent back with its etag.

What was read never leaves the source: it may hold secrets. Read anew at each try, a second try comes to the same.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from connectors.reading.listing import Operation

# What is there now, what the step wants changed, and the present time -> what is sent.
Revise = Callable[[Any, Mapping[str, Any], datetime], dict[str, Any]]
# The argument of a step that says what to change.
CHANGE = "change"
# The version that knows conditions; with an older one they would be lost. Source: IAM, Policy.version.
POLICY_VERSION = 3
POLICY_MASK = "bindings,etag,auditConfigs"


@dataclass(frozen=True, kw_only=True)
class Revision:
    """`read` gets what is there; it takes those arguments of the write that its path names, and `asks` besides."""

    read: Operation
    revise: Revise
    asks: Mapping[str, Any] = field(default_factory=dict)


def policy(current: Any, change: Mapping[str, Any], _: datetime) -> dict[str, Any]:
    """An IAM policy with members of roles taken out and put in, and log types of services added and removed.

    `remove` and `add` are lists of {role, member, condition}; `log` and `unlog` of {service, logTypes}.
    """
    bindings = [{**one, "members": list(one.get("members") or [])} for one in current.get("bindings") or []]
    for gone in change.get("remove") or ():
        for binding in bindings:
            if _is_binding(binding, gone):
                binding["members"] = [one for one in binding["members"] if one != gone["member"]]
    for given in change.get("add") or ():
        _give(bindings, given)
    configs = _logged(current.get("auditConfigs") or [], change)
    kept = {**current, "version": POLICY_VERSION, "bindings": [one for one in bindings if one["members"]]}
    return {**kept, "auditConfigs": configs} if configs or "auditConfigs" in current else kept


def project_policy(current: Any, change: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """As the Resource Manager takes it."""
    return {"policy": policy(current, change, now), "updateMask": POLICY_MASK}


def metadata(current: Any, change: Mapping[str, Any], _: datetime) -> dict[str, Any]:
    """The metadata of a project; `items` maps keys to values, None takes one out."""
    now = current.get("commonInstanceMetadata") or {}
    wanted = change["items"]
    changed = [
        {**one, "value": wanted[one["key"]]} if one["key"] in wanted else one
        for one in now.get("items") or []
        if wanted.get(one["key"], "") is not None
    ]
    known = {one["key"] for one in changed}
    added = [{"key": key, "value": value} for key, value in wanted.items() if value is not None and key not in known]
    return {"fingerprint": now.get("fingerprint"), "items": changed + added}


def template(current: Any, change: Mapping[str, Any], _: datetime) -> dict[str, Any]:
    """A new instance template like this one, of another name and machine type."""
    properties = {**current["properties"], "machineType": change["machineType"]}
    return {"name": change["name"], "description": f"Like {current['name']}", "properties": properties}


def processor(current: Any, change: Mapping[str, Any], _: datetime) -> dict[str, Any]:
    """A Cloud Run service whose containers get their processor by request only, or always."""
    # A name for the next revision would be taken already.
    kept = {key: value for key, value in current["template"].items() if key != "revision"}
    containers = [
        {**one, "resources": {**(one.get("resources") or {}), "cpuIdle": change["cpuIdle"]}}
        for one in kept["containers"]
    ]
    return {"etag": current.get("etag"), "template": {**kept, "containers": containers}}


def rotation(current: Any, change: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """How often a key is rotated. Without a `rotationPeriod` no more; the next time lies ahead, not too far away."""
    period = change.get("rotationPeriod")
    if period is None:
        return {}
    latest = now + timedelta(seconds=float(period.removesuffix("s")))
    planned = change.get("nextRotationTime") or current.get("nextRotationTime")
    soon = datetime.fromisoformat(planned) if planned else latest
    if planned and now < soon <= latest:
        return {"rotationPeriod": period, "nextRotationTime": planned}
    return {"rotationPeriod": period, "nextRotationTime": f"{latest:%Y-%m-%dT%H:%M:%SZ}"}


def _is_binding(binding: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    return binding.get("role") == wanted["role"] and binding.get("condition") == wanted.get("condition")


def _give(bindings: list[dict[str, Any]], given: Mapping[str, Any]) -> None:
    found = next((one for one in bindings if _is_binding(one, given)), None)
    if found is None:
        condition = {"condition": given["condition"]} if given.get("condition") else {}
        bindings.append({"role": given["role"], "members": [given["member"]], **condition})
    elif given["member"] not in found["members"]:
        found["members"].append(given["member"])


def _logged(configs: list[dict[str, Any]], change: Mapping[str, Any]) -> list[dict[str, Any]]:
    kept = [{**one, "auditLogConfigs": list(one.get("auditLogConfigs") or [])} for one in configs]
    for gone in change.get("unlog") or ():
        for one in kept:
            if one["service"] == gone["service"]:
                one["auditLogConfigs"] = [
                    log for log in one["auditLogConfigs"] if log["logType"] not in gone["logTypes"]
                ]
    for wanted in change.get("log") or ():
        found = next((one for one in kept if one["service"] == wanted["service"]), None)
        if found is None:
            found = {"service": wanted["service"], "auditLogConfigs": []}
            kept.append(found)
        known = {log["logType"] for log in found["auditLogConfigs"]}
        found["auditLogConfigs"] += [{"logType": kind} for kind in wanted["logTypes"] if kind not in known]
    return [one for one in kept if one["auditLogConfigs"]]
