"""What a notice says of an alert, and what one says that stands for many."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from bson import ObjectId

from auth.notice_action import NoticeActions
from domain.alerting.route import HoldReason
from domain.facts.notice import NoticeKind
from jobs.context import JobContext
from jobs.notices import Teller
from schema.node import global_id

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
ORG, ACCOUNT, ALERT, INCIDENT = (ObjectId() for _ in range(4))
RAW: dict[str, Any] = {
    "_id": ALERT,
    "fingerprint": "f",
    "severity": "HIGH",
    "state": "OPEN",
    "source": "EVENT",
    "category": "SECOPS",
    "title": "Key used from a new place",
    "message": "Look who it was.",
    "raised_at": NOW,
    "occurrences": 10,
    "version": 3,
}


@dataclass(frozen=True)
class Around:
    """What a teller needs of a worker."""

    public_url: str
    actions: NoticeActions


TELLER = Teller(
    cast("JobContext", Around("https://cw.example.com", NoticeActions([b"k" * 32]))),
    ORG,
    "Acme",
    {ACCOUNT: "production"},
)


def test_links_lead_to_what_the_graph_calls_the_thing() -> None:
    notice = TELLER.alert(NoticeKind.RAISED, {**RAW, "incident_id": INCIDENT}, NOW)

    assert notice.link == f"https://cw.example.com/alerts/{global_id('Alert', ALERT)}"
    assert notice.lines[-1].link == f"https://cw.example.com/incidents/{global_id('Incident', INCIDENT)}"
    assert notice.payload["incident_id"] == global_id("Incident", INCIDENT)
    assert notice.payload["organization_id"] == global_id("Organization", ORG)


def test_an_account_is_called_by_its_name() -> None:
    notice = TELLER.alert(NoticeKind.RAISED, {**RAW, "account_id": ACCOUNT}, NOW)

    assert ("Account", "production") in [(line.label, line.text) for line in notice.lines]
    assert notice.values["account"] == notice.payload["account"] == "production"
    assert notice.payload["account_id"] == global_id("Account", ACCOUNT)


def test_what_is_not_known_gets_no_line_and_no_value() -> None:
    notice = TELLER.alert(NoticeKind.RAISED, RAW, NOW)

    assert [line.label for line in notice.lines] == ["Severity", "Times seen"]
    assert "region" not in notice.values
    assert notice.payload["region"] is None
    assert notice.payload["resolved_at"] is None


@pytest.mark.parametrize(
    ("kind", "title", "actions"),
    [
        (NoticeKind.RAISED, "Key used from a new place", ["acknowledge", "snooze"]),
        (NoticeKind.REPEATED, "Key used from a new place, seen 10 times", ["acknowledge", "snooze"]),
        (NoticeKind.ESCALATED, "Not acknowledged: Key used from a new place", ["acknowledge", "snooze"]),
        (NoticeKind.ACKNOWLEDGED, "Acknowledged: Key used from a new place", []),
        (NoticeKind.SNOOZED, "Snoozed: Key used from a new place", []),
        (NoticeKind.RESOLVED, "Resolved: Key used from a new place", []),
    ],
)
def test_only_what_is_open_can_be_acted_on(kind: NoticeKind, title: str, actions: list[str]) -> None:
    notice = TELLER.alert(kind, RAW, NOW)

    assert (notice.title, sorted(notice.actions)) == (title, actions)
    assert notice.payload["kind"] == kind


@pytest.mark.parametrize(
    ("why", "title"),
    [
        (HoldReason.DIGEST, "2 alerts in this digest: 1 CRITICAL, 1 LOW"),
        (HoldReason.NOISE, "2 alerts more in a short while: 1 CRITICAL, 1 LOW"),
        (HoldReason.MAINTENANCE, "2 alerts still open after maintenance: 1 CRITICAL, 1 LOW"),
    ],
)
def test_one_message_counts_and_links_what_it_stands_for(why: HoldReason, title: str) -> None:
    holds = [
        {
            "_id": ObjectId(),
            "severity": severity,
            "title": f"{severity} one",
            "link": f"https://x/{n}",
            "subject": f"s{n}",
        }
        for n, severity in enumerate(("LOW", "CRITICAL"))
    ]

    notice = TELLER.gathered(NoticeKind.SUMMARY, why, holds, NOW)

    assert (notice.title, notice.severity) == (title, "CRITICAL")
    assert [(line.text, line.link) for line in notice.lines] == [
        ("CRITICAL one", "https://x/1"),
        ("LOW one", "https://x/0"),
    ]
    assert notice.payload == {"type": "summary", "count": 2, "alerts": ["s0", "s1"]}


@pytest.mark.parametrize(
    ("subjects", "title", "page"),
    [
        (("remediation:1", "remediation:2"), "2 plans in this digest", "/remediations"),
        (("remediation:1", "alert:2"), "1 alert and 1 plan in this digest: 1 LOW", "/alerts"),
    ],
)
def test_plans_that_wait_are_not_called_alerts(subjects: tuple[str, ...], title: str, page: str) -> None:
    hold = {"_id": ObjectId(), "severity": "LOW", "title": "one", "link": "https://x"}

    notice = TELLER.gathered(NoticeKind.DIGEST, HoldReason.DIGEST, [{**hold, "subject": one} for one in subjects], NOW)

    assert notice.title == title
    assert notice.link is not None
    assert notice.link.endswith(page)
    assert sorted({line.label for line in notice.lines}) == (["PLAN"] if page == "/remediations" else ["LOW", "PLAN"])
