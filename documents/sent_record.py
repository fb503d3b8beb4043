"""What we have written into other systems about controls: messages in Slack and tickets in Jira, as plain rows.

The rows have the fields that `domain/compliance/own_records.py` says.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from bson import ObjectId

from documents.alert import Alert
from documents.channel import Channel
from documents.delivery import Delivery
from documents.jira_task import JiraTask
from domain.compliance.naming import control_of
from domain.facts.channel import ChannelKind, DeliveryState
from domain.facts.notice import NoticeKind
from domain.facts.ticket import StatusCategory

Rows = list[dict[str, Any]]
MOST = 5000
_SLACK = (ChannelKind.SLACK_BOT, ChannelKind.SLACK_WEBHOOK)
_PURPOSE = {
    NoticeKind.STATUS: "heartbeat",
    NoticeKind.TEST: "heartbeat",
    NoticeKind.RAISED: "failure",
    NoticeKind.REPEATED: "failure",
    NoticeKind.ESCALATED: "failure",
    NoticeKind.RESOLVED: "status_change",
}
_TRIED = (DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.EXPIRED)


async def messages_posted(org_id: ObjectId, since: datetime) -> Rows:
    """Messages to Slack since then that are about a control, or say that all is well."""
    kinds = {"kind": {"$in": [kind.value for kind in _SLACK]}}
    channels = {raw["_id"]: raw async for raw in Channel.rows().find({"org_id": org_id, **kinds}, {"shown": 1})}
    query = {
        "org_id": org_id,
        "created_at": {"$gte": since},
        "channel_id": {"$in": list(channels)},
        "kind": {"$in": [kind.value for kind in _PURPOSE]},
        "state": {"$in": [state.value for state in _TRIED]},
    }
    raws = await Delivery.rows().find(query, {"notice": 0}).sort([("created_at", -1)]).limit(MOST).to_list()
    controls = await _controls(org_id, [_alert_id(raw["subject"]) for raw in raws])
    return [
        _message(raw, controls.get(_alert_id(raw["subject"])), channels[raw["channel_id"]]["shown"])
        for raw in reversed(raws)
        if _PURPOSE[raw["kind"]] == "heartbeat" or _alert_id(raw["subject"]) in controls
    ]


def _message(raw: dict[str, Any], control_id: str | None, channel: str) -> dict[str, Any]:
    is_sent = raw["state"] == DeliveryState.SENT
    return {
        "purpose": _PURPOSE[raw["kind"]],
        "control_id": control_id,
        "channel": channel,
        "ok": is_sent,
        "ts": raw["reference"],
        "attempts": raw["tries"],
        "posted_at": raw["sent_at"] or raw["first_tried_at"] or raw["created_at"],
        "error": None if is_sent else raw["problem"] or raw["answer"],
    }


def _alert_id(subject: str) -> ObjectId | None:
    kind, _, id = subject.partition(":")
    return ObjectId(id) if kind == "alert" and ObjectId.is_valid(id) else None


async def _controls(org_id: ObjectId, alert_ids: Collection[ObjectId | None]) -> dict[ObjectId | None, str]:
    """The control of each of these alerts that is about one."""
    query = {"org_id": org_id, "_id": {"$in": [id for id in set(alert_ids) if id is not None]}}
    found = {raw["_id"]: control_of(raw["fingerprint"]) async for raw in Alert.rows().find(query, {"fingerprint": 1})}
    return {id: control for id, control in found.items() if control is not None}


async def issues_opened(org_id: ObjectId, account_id: ObjectId | None = None) -> Rows:
    """The tickets that follow failing controls, the oldest first; of one Jira, or of all."""
    return [
        {
            "key": task["issue_key"],
            "control_id": control_id,
            "severity": alert["severity"],
            "failed_at": alert["raised_at"],
            "created_at": task["created_at"],
            "due_at": None,
        }
        for task, alert, control_id in await _tickets(org_id, account_id)
    ]


async def issues_moved(org_id: ObjectId, account_id: ObjectId | None = None) -> Rows:
    """Tickets that were closed because their control passes, or opened again because it fails: where each stands."""
    return [
        {
            "key": task["issue_key"],
            "control_id": control_id,
            "to_status": task["status"] or "",
            "is_reopening": not task["is_over"],
            "moved_at": task["updated_at"] or task["created_at"],
        }
        for task, alert, control_id in await _tickets(org_id, account_id)
        if (task["is_over"] and task["category"] == StatusCategory.DONE)
        or (not task["is_over"] and alert["times_raised"] > 1)
    ]


async def _tickets(org_id: ObjectId, account_id: ObjectId | None) -> list[tuple[Any, Any, str]]:
    query: dict[str, Any] = {"org_id": org_id, "issue_key": {"$type": "string"}}
    if account_id is not None:
        query["account_id"] = account_id
    tasks = await JiraTask.rows().find(query).sort([("created_at", -1)]).limit(MOST).to_list()
    ids = [task["alert_id"] for task in tasks]
    alerts = {raw["_id"]: raw async for raw in Alert.rows().find({"org_id": org_id, "_id": {"$in": ids}})}
    found = []
    for task in reversed(tasks):
        alert = alerts.get(task["alert_id"])
        control_id = None if alert is None else control_of(alert["fingerprint"])
        if control_id is not None:
            found.append((task, alert, control_id))
    return found
