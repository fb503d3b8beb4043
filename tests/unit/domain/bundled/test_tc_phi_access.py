"""Who reaches health data, and what tells of it. NOW is 2026-06-01 12:00."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.bundled import tc_phi_05, tc_phi_06, tc_phi_10, tc_phi_11
from domain.compliance.answers import Answers
from domain.compliance.tickets import SEARCH
from domain.facts.compliance import CheckStatus, Integration
from tests.factories.answers import answers, call, faults, judged
from tests.factories.bundled import BUCKET, DATABASE, TABLE, check_of, labelled

FAIL, WARNING, PASS, ERROR = CheckStatus.FAIL, CheckStatus.WARNING, CheckStatus.PASS, CheckStatus.ERROR
NOTHING, UNTOLD = CheckStatus.NOT_APPLICABLE, CheckStatus.NOT_ASSESSED
TRAIL = "arn:aws:cloudtrail:eu-west-1:123:trail/all"


def trail(selectors: dict[str, Any], *stores: str, is_logging: bool = True) -> Answers:
    """One trail, which two regions show."""
    shown = {"trailList": [{"TrailARN": TRAIL}]}
    return answers(
        Integration.AWS,
        labelled(*(stores or (BUCKET,))),
        (tc_phi_05.TRAILS, shown, shown),
        call(tc_phi_05.STATUS, {"IsLogging": is_logging}, Name=TRAIL),
        call(tc_phi_05.SELECTORS, selectors, TrailName=TRAIL),
    )


def simple(kind: str, *values: str, of: str = "AWS::S3::Object") -> dict[str, Any]:
    return {"EventSelectors": [{"ReadWriteType": kind, "DataResources": [{"Type": of, "Values": list(values)}]}]}


def advanced(*fields: dict[str, Any], of: str = "AWS::S3::Object", category: str = "Data") -> dict[str, Any]:
    usual = [{"Field": "eventCategory", "Equals": [category]}, {"Field": "resources.type", "Equals": [of]}]
    return {"AdvancedEventSelectors": [{"FieldSelectors": [*usual, *fields]}]}


READS = {"Field": "readOnly", "Equals": ["true"]}
WRITES = {"Field": "readOnly", "Equals": ["false"]}


@pytest.mark.parametrize(
    ("looked_at", "status"),
    [
        (trail(simple("All", "arn:aws:s3")), PASS),
        (trail(simple("All", "arn:aws:s3:::")), PASS),
        (trail(simple("All", f"{BUCKET}/")), PASS),
        (trail(simple("All", f"{BUCKET}/scans/")), FAIL),
        (trail(simple("All", "arn:aws:s3:::rec/")), FAIL),
        (trail(simple("WriteOnly", "arn:aws:s3")), WARNING),
        (trail(simple("ReadOnly", "arn:aws:s3")), WARNING),
        (trail({"EventSelectors": [{"ReadWriteType": "All"}]}), FAIL),
        (trail(simple("All", "arn:aws:s3"), is_logging=False), FAIL),
        (trail(simple("All", "arn:aws:dynamodb", of="AWS::DynamoDB::Table"), TABLE), PASS),
        (trail(simple("All", TABLE, of="AWS::DynamoDB::Table"), TABLE), PASS),
        (trail(simple("All", "arn:aws:s3"), TABLE), FAIL),
        (trail(advanced()), PASS),
        (trail(advanced(READS)), WARNING),
        (trail(advanced(WRITES)), WARNING),
        (trail(advanced({"Field": "resources.ARN", "StartsWith": [f"{BUCKET}/"]})), PASS),
        (trail(advanced({"Field": "resources.ARN", "StartsWith": [f"{BUCKET}/scans/"]})), FAIL),
        (trail(advanced({"Field": "resources.ARN", "Equals": [TABLE]}, of="AWS::DynamoDB::Table"), TABLE), PASS),
        (trail(advanced({"Field": "resources.ARN", "NotEquals": [BUCKET]})), FAIL),
        (trail(advanced({"Field": "eventName", "Equals": ["GetObject"]})), FAIL),
        (trail(advanced(category="Management")), FAIL),
        (trail(advanced(of="AWS::Lambda::Function")), FAIL),
        # Databases of RDS have no data events.
        (trail(advanced(), DATABASE), NOTHING),
    ],
)
def test_reads_and_writes_of_buckets_and_tables_are_logged(looked_at: Answers, status: CheckStatus) -> None:
    assert judged(check_of("TC-PHI-05"), looked_at).status is status


def project(*configs: tuple[str, list[str]], kind: str = "storage.googleapis.com/Bucket", **exempted: Any) -> Answers:
    found = [
        {"service": service, "auditLogConfigs": [{"logType": log, **exempted} for log in logs]}
        for service, logs in configs
    ]
    return answers(
        Integration.GCP,
        (tc_phi_05.POLICY, {"auditConfigs": found}),
        (tc_phi_05.ASSETS, {"results": [{"name": "b", "assetType": kind, "labels": {"data-class": "phi"}}]}),
    )


READ, WRITE = "DATA_READ", "DATA_WRITE"


@pytest.mark.parametrize(
    ("looked_at", "status"),
    [
        (project(("allServices", [READ, WRITE])), PASS),
        (project(("storage.googleapis.com", [READ]), ("allServices", [WRITE])), PASS),
        (project(("allServices", [WRITE])), WARNING),
        (project(("cloudsql.googleapis.com", [READ, WRITE])), FAIL),
        (project(("cloudsql.googleapis.com", [READ, WRITE]), kind="sqladmin.googleapis.com/Instance"), PASS),
        (project(("allServices", [READ, WRITE]), exemptedMembers=["user:ann@acme.com"]), FAIL),
        (project(), FAIL),
        (project(kind="bigquery.googleapis.com/Dataset"), NOTHING),
    ],
)
def test_reads_and_writes_of_stores_of_google_are_logged(looked_at: Answers, status: CheckStatus) -> None:
    assert judged(check_of("TC-PHI-05"), looked_at).status is status


def limited(*statements: dict[str, Any], stores: tuple[str, ...] = (BUCKET,), holders: Any = None) -> Answers:
    policy = [{"Policy": json.dumps({"Statement": list(statements)})}] if statements else []
    return answers(
        Integration.AWS,
        labelled(*stores),
        call(tc_phi_06.POLICIES, *policy, Bucket="records"),
        call(tc_phi_06.HOLDERS, holders or {}, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"),
    )


def allows(principal: Any, effect: str = "Allow") -> dict[str, Any]:
    return {"Effect": effect, "Principal": principal, "Action": "s3:GetObject", "Resource": "*"}


CLINICAL, BATCH = "arn:aws:iam::123:role/clinical-readers", "arn:aws:iam::123:role/support/batch"
ADMINS = {"PolicyRoles": [{"RoleName": "admin"}], "PolicyUsers": [], "PolicyGroups": [{"GroupName": "support-leads"}]}


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (limited(), PASS, []),
        (limited(allows({"AWS": [CLINICAL]})), PASS, []),
        # The path is not the name.
        (limited(allows({"AWS": [CLINICAL, BATCH]})), FAIL, ["records"]),
        (limited(allows({"AWS": BATCH}, "Deny")), PASS, []),
        (limited(allows("*")), FAIL, ["records"]),
        (limited({**allows({"AWS": "*"}), "Condition": {"Bool": {"aws:SecureTransport": "true"}}}), FAIL, ["records"]),
        (limited({"Effect": "Allow", "NotPrincipal": {"AWS": BATCH}, "Action": "*"}), FAIL, ["records"]),
        (limited(allows({"Service": "cloudtrail.amazonaws.com"})), PASS, []),
        (limited(holders=ADMINS), FAIL, ["role/admin"]),
        (limited(allows("*"), stores=(DATABASE,), holders=ADMINS), NOTHING, []),
    ],
)
def test_buckets_are_open_to_approved_groups_only(looked_at: Answers, status: CheckStatus, faulty: list[str]) -> None:
    found = judged(check_of("TC-PHI-06"), looked_at)

    assert (found.status, faults(found)) == (status, faulty)


JQL = {"jql": 'updated >= "2026-01-01 00:00" ORDER BY updated ASC'}


def issue(key: str, created: str, *labels: str) -> dict[str, Any]:
    return {"key": key, "fields": {"labels": list(labels), "created": created}}


def jira(*issues: dict[str, Any], reviewed: str | None = None, unread: Any = (), **asked: str) -> Answers:
    change = {"created": reviewed, "items": [{"field": "status", "toString": "Reviewed"}]}
    return answers(
        Integration.JIRA,
        call(SEARCH, {"issues": list(issues)}, **(asked or JQL)),
        call(tc_phi_10.CHANGES, {"values": [change] if reviewed else []}, issueIdOrKey="OPS-1"),
        unread=unread,
    )


DAY_AGO, THREE_AGO = "2026-05-31T12:00:00Z", "2026-05-29T12:00:00Z"


@pytest.mark.parametrize(
    ("looked_at", "status"),
    [
        (jira(issue("OPS-1", DAY_AGO, "Break-Glass")), PASS),
        (jira(issue("OPS-1", "2026-05-31T11:59:59Z", "break-glass")), WARNING),
        (jira(issue("OPS-1", THREE_AGO, "break-glass")), WARNING),
        (jira(issue("OPS-1", "2026-05-29T11:59:59Z", "break-glass")), FAIL),
        (jira(issue("OPS-1", "2026-05-01T12:00:00Z", "break-glass"), reviewed="2026-05-02T12:00:00Z"), PASS),
        (jira(issue("OPS-1", "2026-05-01T12:00:00Z", "break-glass"), reviewed="2026-05-04T12:00:00Z"), WARNING),
        (jira(issue("OPS-1", "2026-05-01T12:00:00Z", "break-glass"), reviewed="2026-05-04T12:00:01Z"), FAIL),
        (jira(issue("OPS-1", "2026-05-01T12:00:00Z", "incident")), NOTHING),
        (jira(jql='updated >= "2026-05-30 00:00"'), ERROR),
        *((jira(unread=[missing]), ERROR) for missing in (SEARCH, tc_phi_10.CHANGES)),
    ],
)
def test_tickets_of_break_glass_access_are_reviewed_in_a_day(looked_at: Answers, status: CheckStatus) -> None:
    assert judged(check_of("TC-PHI-10"), looked_at).status is status


def taken(*times: str, name: str = "AssumeRole", unread: Any = ()) -> Answers:
    """The emergency role was taken on at these times, which two regions show."""
    events = [{"EventId": f"e-{at}", "EventName": name, "EventTime": at} for at in times]
    return answers(
        Integration.AWS,
        (tc_phi_10.ROLES, {"Roles": []}),
        (tc_phi_10.REGIONS, {"Regions": []}),
        *(call(tc_phi_10.EVENTS, {"Events": events}, at=region) for region in ("eu-west-1", "us-east-1")),
        unread=unread,
    )


MAY = "2026-05-01T12:00:00Z"
TICKET = issue("OPS-1", "2026-05-01T13:00:00Z", "break-glass")
JUST_NOW = "2026-06-01T11:00:00Z"


@pytest.mark.parametrize(
    ("uses", "tickets", "status"),
    [
        (taken(MAY), [jira(TICKET, reviewed="2026-05-02T12:00:00Z")], PASS),
        (taken(MAY, "2026-05-01T12:30:00Z"), [jira(TICKET, reviewed="2026-05-02T12:00:00Z")], PASS),
        # A review counts from the use.
        (taken(MAY), [jira(TICKET, reviewed="2026-05-02T12:00:01Z")], WARNING),
        (taken(MAY), [jira(TICKET, reviewed="2026-05-04T12:00:01Z")], FAIL),
        (taken(MAY), [jira(TICKET)], FAIL),
        (taken(MAY), [jira(issue("OPS-1", "2026-05-01T13:00:01Z", "break-glass"), reviewed=MAY)], FAIL),
        (taken(MAY), [jira(issue("OPS-1", MAY, "incident"), reviewed=MAY)], FAIL),
        (taken(MAY), [jira(), jira(TICKET, reviewed="2026-05-02T12:00:00Z")], PASS),
        (taken(JUST_NOW), [jira()], WARNING),
        (taken(MAY, name="SwitchRole"), [], NOTHING),
        (taken(), [], NOTHING),
        (taken(MAY), [], UNTOLD),
        (taken(MAY), [jira(TICKET, unread=[SEARCH])], ERROR),
        *((taken(unread=[one]), [], ERROR) for one in (tc_phi_10.ROLES, tc_phi_10.REGIONS, tc_phi_10.EVENTS)),
    ],
)
def test_each_use_of_an_emergency_role_has_a_ticket(uses: Answers, tickets: list[Answers], status: CheckStatus) -> None:
    assert judged(check_of("TC-PHI-10"), uses, *tickets).status is status


START = datetime(2026, 4, 1, 12, tzinfo=UTC)


def clock(days: int = 60, sent: int | None = None, regime: str = "hipaa_individuals", **more: Any) -> dict[str, Any]:
    """A notice due after so many days, and sent after so many."""
    return {
        "incident": "OPS-1",
        "regime": regime,
        "started_at": START,
        "due_at": START + timedelta(days=days),
        "sent_at": None if sent is None else START + timedelta(days=sent),
        **more,
    }


def own(*clocks: dict[str, Any], off: Any = ()) -> Answers:
    return answers(Integration.PLATFORM, (tc_phi_11.CLOCKS, list(clocks)), off=off)


# NOW is 61 days after START; 48 of 60 days are four fifths.
@pytest.mark.parametrize(
    ("looked_at", "status"),
    [
        (own(clock(sent=60)), PASS),
        (own(clock(sent=61)), FAIL),
        (own(clock()), FAIL),
        (own(clock(days=90, sent=61)), FAIL),
        (own(clock(days=30, sent=31)), FAIL),
        (
            own(clock(started_at=datetime(2026, 4, 14, 12, tzinfo=UTC), due_at=datetime(2026, 6, 13, 12, tzinfo=UTC))),
            WARNING,
        ),
        (
            own(clock(started_at=datetime(2026, 4, 15, 12, tzinfo=UTC), due_at=datetime(2026, 6, 14, 12, tzinfo=UTC))),
            PASS,
        ),
        (own(clock(regime="gdpr")), NOTHING),
        (own(off=[tc_phi_11.CLOCKS]), UNTOLD),
    ],
)
def test_notices_under_hipaa_go_out_in_time(looked_at: Answers, status: CheckStatus) -> None:
    assert judged(check_of("TC-PHI-11"), looked_at).status is status


MANY = issue("OPS-1", DAY_AGO, "phi-breach", "affected-500")
EVERY_CLOCK = [clock(regime=f"hipaa_{whom}") for whom in ("individuals", "authority", "media")]


@pytest.mark.parametrize(
    ("looked_at", "others", "status"),
    [
        (jira(issue("OPS-1", DAY_AGO, "phi-breach")), [own(clock())], PASS),
        (jira(issue("OPS-2", DAY_AGO, "phi-breach")), [own(clock())], FAIL),
        (jira(MANY), [own(clock())], FAIL),
        (jira(MANY), [own(*EVERY_CLOCK)], PASS),
        (jira(issue("OPS-2", DAY_AGO, "incident")), [own()], NOTHING),
        (jira(MANY), [own(off=[tc_phi_11.CLOCKS])], UNTOLD),
        (jira(MANY), [], UNTOLD),
    ],
)
def test_a_breach_has_its_clocks(looked_at: Answers, others: list[Answers], status: CheckStatus) -> None:
    assert judged(check_of("TC-PHI-11"), looked_at, *others).status is status
