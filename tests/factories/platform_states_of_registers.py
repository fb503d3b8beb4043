"""What is recorded of risks, notices and exercises, and what the controls that look at the registers then say of it."""

from datetime import timedelta

from documents.base import utc_now
from tests.factories.platform_house import FAIL, PASS, WARNING, House, Make, Recorded, ago, told

RISK, INCIDENT, TABLETOP = "Fire", "INC-1", "tabletop exercise"
DAYS, HOURS = timedelta(days=1), timedelta(hours=1)
NOTICES, WRITTEN_END, BREACHES = "CW-PRV-05", "CW-INC-02", "TC-PHI-11"


async def record_risk(house: House, *control_ids: str, impact: int = 5) -> str:
    asked = {"title": RISK, "likelihood": 5, "impact": impact, "treatment": "MITIGATE", "controlIds": list(control_ids)}
    await house.do("RecordRisk", "risk { id }", **asked, ownerId=await house.member())
    return RISK


async def treated_risk(house: House) -> str:
    """One whose only control passes."""
    await exercised(10)(house)
    await house.check(WRITTEN_END)
    return await record_risk(house, WRITTEN_END)


async def failing_risk(house: House) -> str:
    """One whose only control fails, since no exercise was ever held."""
    await house.check(WRITTEN_END)
    return await record_risk(house, WRITTEN_END)


async def risk_not_judged(house: House) -> str:
    return await record_risk(house, WRITTEN_END)


async def risk_of_nobody(house: House) -> str:
    return await record_risk(house)


async def low_risk(house: House) -> str:
    return await record_risk(house, impact=1)


def clock(regime: str, *, began: timedelta, sent: timedelta | None = None, due: timedelta | None = None) -> Make:
    """A notice that is owed since `began` ago: sent `sent` ago and due in `due`, or when its regime says."""

    async def make(house: House) -> str:
        now = utc_now()
        times = {"startedAt": now - began, "sentAt": sent and now - sent, "dueAt": due and now + due}
        asked = {name: told(at) for name, at in times.items() if at}
        await house.do("RecordIncidentClock", "clock { id }", incident=INCIDENT, regime=regime, **asked)
        return f"{INCIDENT}: {regime}"

    return make


def as_told_to_customers(make: Make) -> Make:
    """The control of disclosures names a notice in another way."""

    async def made(house: House) -> str:
        return (await make(house)).replace(": ", " ")

    return made


def with_health_data(make: Make) -> Make:
    """In an organization that has the bundle of health data switched on."""

    async def made(house: House) -> str:
        await house.do("ChangeComplianceSettings", "settings { bundles }", bundles=["trustcloud"])
        return await make(house)

    return made


def exercised(days: int) -> Make:
    async def make(house: House) -> str:
        held = {"kind": "TABLETOP", "scenario": "ransomware", "participants": ["Ann"], "heldAt": ago(days=days)}
        await house.do("RecordExercise", "exercise { id }", **held)
        return TABLETOP

    return make


async def never_exercised(_: House) -> str:
    return TABLETOP


INDIVIDUALS, LATE = "hipaa_individuals", 61 * DAYS
STATES = (
    Recorded("CW-RSK-01", PASS, treated_risk, f"{WRITTEN_END}: PASS"),
    Recorded("CW-RSK-01", WARNING, risk_not_judged, f"{WRITTEN_END}: NOT_ASSESSED"),
    Recorded("CW-RSK-01", FAIL, failing_risk, f"{WRITTEN_END}: FAIL"),
    Recorded("CW-RSK-01", FAIL, risk_of_nobody, "no control treats it"),
    Recorded(NOTICES, PASS, as_told_to_customers(clock("gdpr", began=5 * DAYS, sent=4 * DAYS)), "UTC, sent"),
    Recorded(NOTICES, PASS, as_told_to_customers(clock("gdpr", began=1 * HOURS)), "not sent"),
    Recorded(NOTICES, WARNING, as_told_to_customers(clock("gdpr", began=60 * HOURS)), "not sent"),
    Recorded(NOTICES, FAIL, as_told_to_customers(clock("gdpr", began=73 * HOURS)), "not sent"),
    Recorded(NOTICES, FAIL, as_told_to_customers(clock("gdpr", began=5 * DAYS, sent=1 * DAYS)), "UTC, sent"),
    Recorded(WRITTEN_END, PASS, exercised(10), "last held"),
    Recorded(WRITTEN_END, PASS, clock("cert_in", began=10 * HOURS, sent=5 * HOURS), "sent"),
    Recorded(WRITTEN_END, WARNING, exercised(340), "due soon"),
    Recorded(WRITTEN_END, FAIL, exercised(366), "last held"),
    Recorded(WRITTEN_END, FAIL, never_exercised, "last held: never"),
    Recorded(WRITTEN_END, FAIL, clock("cert_in", began=7 * HOURS), "not yet"),
    Recorded(BREACHES, PASS, with_health_data(clock(INDIVIDUALS, began=70 * DAYS, sent=20 * DAYS)), "sent"),
    Recorded(BREACHES, PASS, with_health_data(clock(INDIVIDUALS, began=10 * DAYS)), "not yet"),
    Recorded(BREACHES, WARNING, with_health_data(clock(INDIVIDUALS, began=50 * DAYS)), "not yet"),
    Recorded(BREACHES, FAIL, with_health_data(clock("hipaa_media", began=LATE, due=30 * DAYS)), "not yet"),
    Recorded(BREACHES, FAIL, with_health_data(clock(INDIVIDUALS, began=LATE, sent=HOURS)), "sent"),
)
NOTHING_TO_JUDGE = {
    "CW-RSK-01": low_risk,
    BREACHES: with_health_data(clock("gdpr", began=80 * HOURS)),
}
