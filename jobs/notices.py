"""What people are told of alerts: one notice for one, for a digest, and for what was folded."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bson import ObjectId

from auth.notice_action import NoticeAction
from auth.scope import scope_of_job
from documents.account import Account
from documents.organization import load_organizations
from domain.alerting.gathering import Gathered, counted, named, shown
from domain.alerting.route import HoldReason
from domain.facts.notice import Notice, NoticeKind, NoticeLine
from domain.facts.severity import Severity
from jobs.context import JobContext

TELL = "tell"
ACTIONS = ("acknowledge", "snooze")
# What somebody may still act on.
_CALLS = (NoticeKind.RAISED, NoticeKind.REPEATED, NoticeKind.ESCALATED)
_OPENINGS = {
    NoticeKind.ACKNOWLEDGED: "Acknowledged: ",
    NoticeKind.SNOOZED: "Snoozed: ",
    NoticeKind.RESOLVED: "Resolved: ",
    NoticeKind.ESCALATED: "Not acknowledged: ",
}
# The machines' part: names that stay, with the stored values.
_FIELDS = (
    "fingerprint",
    "severity",
    "state",
    "source",
    "category",
    "title",
    "message",
    "resource_native_id",
    "principal",
    "region",
    "tags",
    "occurrences",
    "times_raised",
    "version",
)
_INSTANTS = ("raised_at", "last_seen_at", "acknowledged_at", "snoozed_until", "resolved_at")


def global_id(type_name: str, id: object) -> str:
    """The id that the graph gives this thing."""
    return b64encode(f"{type_name}:{id}".encode()).decode().rstrip("=")


@dataclass(frozen=True)
class Teller:
    """Writes notices for one organization. `accounts` are names of accounts by id."""

    context: JobContext
    org_id: ObjectId
    organization: str
    accounts: Mapping[ObjectId, str] = field(default_factory=dict)

    def alert(self, kind: NoticeKind, raw: Mapping[str, Any], at: datetime) -> Notice:
        """The notice of one alert as it was stored, or as its event shows it."""
        subject, title = f"alert:{raw['_id']}", f"{_OPENINGS.get(kind, '')}{raw['title']}"
        said = self._said(raw)
        return Notice(
            kind=kind,
            subject=subject,
            title=f"{title}, seen {raw.get('occurrences', 1)} times" if kind is NoticeKind.REPEATED else title,
            message=raw["message"],
            organization=self.organization,
            at=at,
            severity=Severity(raw["severity"]),
            link=self.link("alerts", "Alert", raw["_id"]),
            lines=tuple(self._lines(said, raw)),
            values={**{name: text for name, (_, text) in said.items()}, **self._values(raw)},
            actions={name: self._sealed(name, subject, at) for name in ACTIONS} if kind in _CALLS else {},
            payload=self._payload(kind, raw),
        )

    def gathered(self, kind: NoticeKind, why: HoldReason, holds: Sequence[Mapping[str, Any]], at: datetime) -> Notice:
        """The one notice that stands for all these holds: counts by severity, and a line with a link for each."""
        things = [_gathered(hold) for hold in holds]
        listed, more = shown(things)
        lines = [NoticeLine(label=one.severity or "PLAN", text=one.title, link=one.link) for one in listed]
        page = "alerts" if counted(things) else "remediations"
        everything = f"{self.context.public_url}/{page}"
        if more:
            lines.append(NoticeLine(label="More", text=f"{more} more", link=everything))
        title, severities = f"{named(things)} {_WHY[why]}", counted(things)
        return Notice(
            kind=kind,
            subject=f"{kind.value.lower()}:{holds[0]['_id']}",
            title=f"{title}: {severities}" if severities else title,
            message=_EXPLAINED[why],
            organization=self.organization,
            at=at,
            severity=listed[0].severity,
            link=everything,
            lines=tuple(lines),
            values={"title": _WHY[why], "count": str(len(things)), "severities": severities, "link": everything},
            payload={"type": kind.value.lower(), "count": len(things), "alerts": [hold["subject"] for hold in holds]},
        )

    def link(self, page: str, type_name: str, id: object) -> str:
        """The page of a thing in the product."""
        return f"{self.context.public_url}/{page}/{global_id(type_name, id)}"

    def _sealed(self, name: str, subject: str, at: datetime) -> str:
        return self.context.actions.seal(NoticeAction(name, subject, str(self.org_id)), at)

    def _said(self, raw: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
        """Name to (label, text) of what is known of the alert."""
        said = {
            "severity": ("Severity", raw["severity"]),
            "account": ("Account", self.accounts.get(raw.get("account_id"))),  # type: ignore[arg-type]  # None is none
            "resource": ("Resource", raw.get("resource_native_id")),
            "region": ("Region", raw.get("region")),
            "principal": ("Principal", raw.get("principal")),
            "occurrences": ("Times seen", str(raw.get("occurrences", 1))),
        }
        return {name: (label, text) for name, (label, text) in said.items() if text}

    def _lines(self, said: Mapping[str, tuple[str, str]], raw: Mapping[str, Any]) -> list[NoticeLine]:
        lines = [NoticeLine(label=label, text=text) for label, text in said.values()]
        if raw.get("incident_id"):
            link = self.link("incidents", "Incident", raw["incident_id"])
            lines.append(NoticeLine(label="Incident", text="Part of an incident", link=link))
        return lines

    def _values(self, raw: Mapping[str, Any]) -> dict[str, str]:
        plain = {name: str(raw[name]) for name in ("title", "message", "state", "source", "category") if raw.get(name)}
        link = self.link("alerts", "Alert", raw["_id"])
        return {**plain, "organization": self.organization, "link": link, "raised_at": raw["raised_at"].isoformat()}

    def _payload(self, kind: NoticeKind, raw: Mapping[str, Any]) -> dict[str, Any]:
        ids = {"account_id": "Account", "resource_id": "Resource", "incident_id": "Incident"}
        return {
            "type": "alert",
            "kind": kind.value,
            "id": global_id("Alert", raw["_id"]),
            "organization_id": global_id("Organization", self.org_id),
            "account": self.accounts.get(raw.get("account_id")),  # type: ignore[arg-type]  # None is none
            "link": self.link("alerts", "Alert", raw["_id"]),
            **{name: raw.get(name) for name in _FIELDS},
            **{name: None if raw.get(name) is None else global_id(type_, raw[name]) for name, type_ in ids.items()},
            **{name: None if raw.get(name) is None else raw[name].isoformat() for name in _INSTANTS},
        }


_WHY = {
    HoldReason.DIGEST: "in this digest",
    HoldReason.NOISE: "more in a short while",
    HoldReason.MAINTENANCE: "still open after maintenance",
}
_EXPLAINED = {
    HoldReason.DIGEST: "What was raised since the last digest and is not resolved.",
    HoldReason.NOISE: "There was more to tell than this channel takes in a while; this was not told one by one.",
    HoldReason.MAINTENANCE: "These were raised while something was worked on, and nobody has taken them on.",
}


def _gathered(hold: Mapping[str, Any]) -> Gathered:
    is_plan = hold["subject"].startswith("remediation:")
    return Gathered(None if is_plan else Severity(hold["severity"]), hold["title"], hold["link"])


async def teller_of(context: JobContext, org_id: ObjectId, raws: Sequence[Mapping[str, Any]] = ()) -> Teller:
    """The one for this organization, who knows the accounts of these alerts by name."""
    organizations = await load_organizations([str(org_id)])
    wanted = {raw["account_id"] for raw in raws if raw.get("account_id") is not None}
    accounts = await Account.rows_by_id(scope_of_job(TELL, str(org_id)), wanted)
    names = {id: row.name for id, row in accounts.items()}
    return Teller(context, org_id, organizations[0].name if organizations else "", names)
