"""What is changed in the registers that are kept as issues of Jira, and what the controls must then say of them.

Incidents, uses of emergency access, risks, requests of people, disclosures and breaches.
"""

from datetime import timedelta
from typing import Any

from domain.compliance.own_records import IncidentClock
from domain.controls.cw_prv_05 import CLOCKS
from domain.facts.compliance import CheckStatus
from tests.factories.jira_stage import (
    JiraStage,
    Make,
    done,
    filled,
    in_pages_of,
    labelled,
    moved,
    opened,
    recorded,
    refused,
    without,
)
from tests.factories.judged_change import Changed, both, nothing
from tests.fakes.collecting import NOW

PASS, WARNING, FAIL, ERROR = CheckStatus.PASS, CheckStatus.WARNING, CheckStatus.FAIL, CheckStatus.ERROR
NOTHING, UNASSESSED = CheckStatus.NOT_APPLICABLE, CheckStatus.NOT_ASSESSED
GRAVE = {"id": "1", "name": "Highest"}
ASSIGNED = {"accountId": "boss", "displayName": "Boss", "active": True}
REQUEST, IDENTIFIED, BREACH = "privacy-request", "identity-checked", "breach"
SHARED = ("disclosure", "recipient:tax-office", "basis:law")


def clocks(*regimes: str, incident: str = "INC-1", due: float = 1) -> Make:
    """Notices owed, due in so many days."""
    since, until = NOW - timedelta(days=3), NOW + timedelta(days=due)
    rows = [
        IncidentClock(incident=incident, regime=one, started_at=since, due_at=until, sent_at=None) for one in regimes
    ]
    return recorded(CLOCKS, *rows)


def incident(recovered: float, *reviewed: Make, **own: Any) -> Make:
    """A grave one that was opened 30 days ago, with all written down but the review."""
    name = {"labels": ["incident"], **own}
    return both(
        lambda stage: stage.site.open("INC-1", 30, priority=GRAVE, **name),
        filled("INC-1", 29, "Root cause"),
        labelled("INC-1", 29, "contained"),
        done("INC-1", recovered),
        *reviewed,
    )


def by_its_kind(kind: str) -> Make:
    """A grave one that bears no label of its own, and is over."""
    marks = (filled("INC-1", 29, "Containment"), moved("INC-1", 20, "Reviewed", "Done"))
    return both(
        opened("INC-1", 30, type=kind, priority=GRAVE), filled("INC-1", 29, "Root cause"), done("INC-1", 28), *marks
    )


def unrated(stage: JiraStage) -> None:
    """Its severity was set two hours after it was opened."""
    stage.site.open("INC-1", 2, "incident", priority=None)
    stage.site.rate("INC-1", 2 - 2 / 24, "High")


def emergency(days: float, *, reviewed: float | None = None) -> Make:
    """Access in an emergency, so many days ago, with its review."""
    mark = nothing if reviewed is None else labelled("OPS-7", reviewed, "reviewed")
    return both(opened("OPS-7", days, "break-glass"), mark)


def risk(key: str, days: float, *labels: str, **own: Any) -> Make:
    """A risk that nobody has touched for so many days, with all that it needs."""
    return opened(key, days, "risk", *labels, **{"assignee": ASSIGNED, **own})


FRAUD = risk("RSK-1", 9, "fraud", "high", "mitigate")
CONTINUITY = risk("RSK-2", 9, "continuity", "low", "accept")


def request(days: float, *labels: str) -> Make:
    """Somebody asks what is known of them, or wants it gone."""
    return opened("PRV-1", days, REQUEST, *labels)


def accepted(due: float | None, label: str = "risk-accepted") -> Make:
    """A weakness that is accepted until a day."""
    return opened("VUL-1", 30, label, duedate=None if due is None else f"{NOW + timedelta(days=due):%Y-%m-%d}")


def decided(days: float, hours: float | None, **own: Any) -> Make:
    """A breach, by its label or by its kind, and after how many hours it was decided who must be told."""
    labels = [] if own else [BREACH]
    mark = nothing if hours is None else labelled("INC-1", days - hours / 24, "notice-decided")
    return both(clocks("gdpr"), opened("INC-1", days, *labels, **own), mark)


INCIDENTS = (
    Changed("CW-INC-02", PASS, "INC-1", "reviewed 2026-11-06", incident(28, labelled("INC-1", 20, "reviewed"))),
    Changed("CW-INC-02", PASS, "INC-1", "severity Medium, To Do", opened("INC-1", 2, "incident")),
    Changed("CW-INC-02", PASS, "INC-1", "reviewed 2026-11-06", by_its_kind("Incident")),
    Changed("CW-INC-02", PASS, "INC-1", "reviewed 2026-11-06", by_its_kind("[System] Incident")),
    Changed("CW-INC-02", WARNING, "INC-1", "reviewed not yet", incident(12)),
    Changed("CW-INC-02", FAIL, "INC-1", "reviewed not yet", incident(20)),
    Changed("CW-INC-02", FAIL, "INC-1", "severity High set at", unrated),
    Changed("CW-INC-02", FAIL, "INC-1", "severity none", both(opened("INC-1", 2, "incident"), without("priority"))),
    Changed(
        "CW-INC-02",
        FAIL,
        "INC-1",
        "nothing tells of: cause, contain",
        both(opened("INC-1", 2, "incident", priority=GRAVE), done("INC-1", 1)),
    ),
    Changed("CW-INC-02", NOTHING, "", "", opened("OPS-1", 2, "bug")),
    Changed("CW-INC-02", ERROR, "", "", refused),
    Changed("TC-PHI-10", PASS, "OPS-7", "reviewed 2026-11-23", emergency(3.5, reviewed=3)),
    Changed("TC-PHI-10", WARNING, "OPS-7", "reviewed not yet", emergency(2)),
    Changed("TC-PHI-10", FAIL, "OPS-7", "reviewed not yet", emergency(3.5)),
    Changed("TC-PHI-10", NOTHING, "", "", opened("OPS-7", 2, "bug")),
    Changed("TC-PHI-10", ERROR, "", "", refused),
)
RISKS = (
    Changed("CW-RSK-01", PASS, "RSK-1", "high risk, last looked at", both(FRAUD, CONTINUITY)),
    Changed("CW-RSK-01", PASS, "fraud", "last looked at", both(FRAUD, CONTINUITY)),
    Changed("CW-RSK-01", PASS, "continuity", "last looked at", both(FRAUD, CONTINUITY, in_pages_of(1))),
    Changed("CW-RSK-01", WARNING, "RSK-2", "low risk", both(FRAUD, risk("RSK-2", 390, "continuity", "low", "accept"))),
    Changed("CW-RSK-01", WARNING, "continuity", "no risk is labelled", FRAUD),
    Changed("CW-RSK-01", FAIL, "register", "no open issue is labelled", nothing),
    Changed("CW-RSK-01", FAIL, "fraud", "no risk is labelled", CONTINUITY),
    Changed("CW-RSK-01", FAIL, "RSK-1", "no owner", risk("RSK-1", 9, "fraud", "mitigate", assignee=None)),
    Changed("CW-RSK-01", FAIL, "RSK-1", "high risk", risk("RSK-1", 93, "fraud", "high", "mitigate")),
    Changed("CW-RSK-01", ERROR, "", "", refused),
    Changed("CW-VUL-02", PASS, "VUL-1", "due 2026-12-04", accepted(8)),
    Changed("CW-VUL-02", WARNING, "VUL-1", "due 2026-12-03", accepted(7)),
    Changed("CW-VUL-02", FAIL, "VUL-1", "due 2026-11-25", accepted(-1)),
    Changed("CW-VUL-02", FAIL, "VUL-1", "no due date", accepted(None)),
    Changed("CW-VUL-02", FAIL, "VUL-1", "no due date", both(accepted(7), without("duedate"))),
    Changed("CW-VUL-02", NOTHING, "", "", accepted(-1, label="bug")),
    Changed("CW-VUL-02", NOTHING, "", "", both(accepted(-1), without("labels"))),
    Changed("CW-VUL-02", ERROR, "", "", refused),
)
PHI, ONE_NOTICE = opened("INC-1", 3, "phi-breach"), clocks("hipaa_individuals")
MANY = opened("INC-1", 3, "phi-breach", "affected-500")
PRIVACY = (
    Changed("CW-PRV-04", PASS, "PRV-1", "open for 9 days", request(9)),
    Changed("CW-PRV-04", PASS, "PRV-1", "answered after 20 days", both(request(29, IDENTIFIED), done("PRV-1", 9))),
    Changed("CW-PRV-04", WARNING, "PRV-1", "open for 25 days", request(25)),
    Changed("CW-PRV-04", FAIL, "PRV-1", "open for 31 days", request(31)),
    Changed("CW-PRV-04", FAIL, "PRV-1", "no record that the person", both(request(29), done("PRV-1", 9))),
    Changed("CW-PRV-04", NOTHING, "", "", opened("PRV-1", 31, "bug")),
    Changed("CW-PRV-04", ERROR, "", "", refused),
    Changed("CW-PRV-05", PASS, "INC-1", "decided after 23 h", decided(9, 23)),
    Changed("CW-PRV-05", PASS, "PRV-2", "recorded", both(clocks(), opened("PRV-2", 9, *SHARED, duedate="2026-11-01"))),
    Changed("CW-PRV-05", PASS, "INC-1", "decided after 23 h", decided(9, 23, type="Breach")),
    Changed("CW-PRV-05", WARNING, "INC-1", "decided after 48 h", decided(9, 48)),
    Changed("CW-PRV-05", WARNING, "INC-1", "undecided for 36 h", decided(1.5, None)),
    Changed("CW-PRV-05", FAIL, "INC-1", "decided after 49 h", decided(9, 49)),
    Changed("CW-PRV-05", FAIL, "INC-1", "a notice is late", both(decided(3, 1), clocks("gdpr", due=-1))),
    Changed(
        "CW-PRV-05", FAIL, "PRV-2", "no recipient, no basis, no date", both(clocks(), opened("PRV-2", 9, "disclosure"))
    ),
    Changed("CW-PRV-05", NOTHING, "", "", both(clocks(), opened("OPS-1", 9, "bug"))),
    Changed("CW-PRV-05", ERROR, "", "", both(clocks(), refused)),
    Changed(
        "TC-PHI-11",
        PASS,
        "INC-1",
        "clocks for hipaa_individuals",
        both(ONE_NOTICE, PHI),
    ),
    Changed(
        "TC-PHI-11",
        FAIL,
        "INC-1",
        "no clock for hipaa_authority, hipaa_media",
        both(ONE_NOTICE, MANY),
    ),
    Changed("TC-PHI-11", NOTHING, "", "", both(clocks(), opened("INC-1", 3, "bug"))),
    Changed("TC-PHI-11", UNASSESSED, "", "", PHI),
    Changed("TC-PHI-11", ERROR, "", "", refused),
)
ROWS = (*INCIDENTS, *RISKS, *PRIVACY)
