"""Audit entries as events of the Open Cybersecurity Schema Framework, for tools that collect those of many products.

Source: https://schema.ocsf.io/1.3.0, classes Account Change (3001), Authentication (3002), API Activity (6003).
"""

from collections.abc import Mapping
from typing import Any

VERSION = "1.3.0"
ACCOUNT_CHANGE, AUTHENTICATION, API_ACTIVITY = 3001, 3002, 6003
_OTHER = 99
_SUCCESS, _FAILURE = 1, 2
_INFORMATIONAL = 1
PRODUCT = {"name": "CloudWatcher", "vendor_name": "CloudWatcher"}

# Action to class and activity. What is not listed is API Activity, told apart by its verb.
_LOGON, _LOGOFF = 1, 2
_ACTIVITIES: dict[str, tuple[int, int]] = {
    "user.sign_in": (AUTHENTICATION, _LOGON),
    "session.reauthenticate": (AUTHENTICATION, _LOGON),
    "session.refresh": (AUTHENTICATION, _OTHER),
    "session.sign_out": (AUTHENTICATION, _LOGOFF),
    "session.end": (AUTHENTICATION, _LOGOFF),
    "session.cut_off": (AUTHENTICATION, _LOGOFF),
    "user.register": (ACCOUNT_CHANGE, 1),
    "user.reactivate": (ACCOUNT_CHANGE, 2),
    "user.change_password": (ACCOUNT_CHANGE, 3),
    "user.reset_password": (ACCOUNT_CHANGE, 4),
    "user.deactivate": (ACCOUNT_CHANGE, 5),
    "user.delete": (ACCOUNT_CHANGE, 6),
}
# Nouns whose other acts are about sign-ins, or about people and what they may do.
_NOUNS = {
    "session": AUTHENTICATION,
    "user": ACCOUNT_CHANGE,
    "member": ACCOUNT_CHANGE,
    "membership": ACCOUNT_CHANGE,
    "role": ACCOUNT_CHANGE,
    "factor": ACCOUNT_CHANGE,
}
_CREATE, _READ, _UPDATE, _DELETE = 1, 2, 3, 4
_VERBS = {
    **dict.fromkeys(("create", "connect", "open", "add", "invite"), _CREATE),
    **dict.fromkeys(("read", "export", "download"), _READ),
    **dict.fromkeys(("acknowledge", "set", "change", "update", "rename", "rotate", "set_retention"), _UPDATE),
    **dict.fromkeys(("delete", "remove", "revoke", "retention"), _DELETE),
}


def event_of(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The event of a stored entry. What the framework has no attribute for stands under `unmapped`.

    `time` is in milliseconds since 1970, `type_uid` is class_uid * 100 + activity_id, as the framework says.
    """
    class_uid, activity_id = _kind_of(entry["action"])
    is_done = entry["outcome"] == "DONE"
    event = {
        "activity_id": activity_id,
        "category_uid": class_uid // 1000,
        "class_uid": class_uid,
        "type_uid": class_uid * 100 + activity_id,
        "time": int(entry["at"].timestamp() * 1000),
        "severity_id": _INFORMATIONAL,
        "status_id": _SUCCESS if is_done else _FAILURE,
        "metadata": _metadata(entry),
        "actor": {"user": {"uid": entry["actor"]}},
        "src_endpoint": {"ip": entry["address"]} if entry["address"] else {"name": "CloudWatcher"},
        **_particulars(class_uid, entry),
        "unmapped": _unmapped(entry),
    }
    return event if entry["reason"] is None else {**event, "status_code": entry["reason"]}


def _kind_of(action: str) -> tuple[int, int]:
    if action in _ACTIVITIES:
        return _ACTIVITIES[action]
    noun, _, verb = action.partition(".")
    if noun in _NOUNS:
        return _NOUNS[noun], _OTHER
    return API_ACTIVITY, _VERBS.get(verb, _OTHER)


def _metadata(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "version": VERSION,
        "product": PRODUCT,
        "uid": entry["hash"],
        "sequence": entry["seq"],
        "tenant_uid": str(entry["org_id"]),
        "event_code": entry["action"],
    }


def _particulars(class_uid: int, entry: Mapping[str, Any]) -> dict[str, Any]:
    """What only this class has."""
    user_agent = {"http_request": {"user_agent": entry["user_agent"]}} if entry["user_agent"] else {}
    if class_uid == API_ACTIVITY:
        request = {"request": {"uid": entry["request_id"]}} if entry["request_id"] else {}
        return {
            **user_agent,
            "api": {"operation": entry["action"], **request},
            "resources": [{"uid": entry["target"]}] if entry["target"] else [],
        }
    user = {"user": {"uid": entry["target"] or entry["actor"]}}
    service = {"service": {"name": "CloudWatcher"}} if class_uid == AUTHENTICATION else {}
    return {**user_agent, **user, **service}


def _unmapped(entry: Mapping[str, Any]) -> dict[str, Any]:
    names = ("acting_for", "request_id", "target", "outcome", "changed", "before_digest", "after_digest", "prev_hash")
    return {name: entry[name] for name in names if entry[name] not in (None, [], "")}
