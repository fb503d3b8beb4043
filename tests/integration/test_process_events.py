"""What providers sent becomes alerts: once, in any order, whatever dies, and never in another tenant."""

import asyncio
import sys
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

import documents
from app.settings import environment_for_children
from app.wiring import Backend
from documents.base import utc_now
from documents.event_memory import EventMemory
from documents.intake_endpoint import IntakeEndpoint
from documents.received_event import ReceivedEvent, ReceivedState
from domain.detection.example import STRANGER
from domain.errors import Misshapen, Throttled
from domain.facts.intake import IntakeWay
from jobs import event_alerts
from jobs.consumers.incidents import CONSUMER
from jobs.incoming_of import Handle
from jobs.tasks import dispatch_events as dispatching
from jobs.tasks import process_events as task
from tests.factories.backlog import forget_job, is_asked
from tests.factories.incidents import follow_up, stored_incidents
from tests.integration.event_house import ACCOUNT, AT, House, alarm, called, make_account, make_house, stopped


@pytest.fixture
async def house(backend: Backend) -> House:
    return await make_house(backend)


async def test_an_event_becomes_an_alert_that_says_who_what_and_where(house: House) -> None:
    await house.receives(stopped())

    await house.processes()

    (alert,) = await house.alerts()
    assert alert.fingerprint == f"event:{house.account.id}:trail-stopped:arn:aws:iam::{ACCOUNT}:user/eve:main"
    assert (alert.source, alert.category, alert.severity) == ("EVENT", "SECOPS", "HIGH")
    assert (alert.principal, alert.region, alert.resource_native_id) == (
        f"arn:aws:iam::{ACCOUNT}:user/eve",
        "us-east-1",
        "main",
    )
    assert alert.occurred_at == AT
    assert alert.account_id == house.account.id
    assert await house.states() == [ReceivedState.PROCESSED]


async def test_an_alert_about_a_resource_that_was_read_names_it_and_has_its_tags(house: House) -> None:
    arn = f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/main"
    trail = documents.Resource(
        org_id=house.tenant.organization.id,
        account_id=house.account.id,
        kind="AWS_CLOUDTRAIL_TRAIL",
        native_id=arn,
        name="main",
        tags={"team": "security"},
        config={},
        first_seen_at=utc_now(),
    )
    await trail.insert()
    await house.receives(stopped())

    await house.processes()

    (alert,) = await house.alerts()
    assert (alert.resource_id, alert.resource_native_id, alert.tags) == (trail.id, arn, {"team": "security"})


async def test_a_second_run_changes_nothing(house: House) -> None:
    await house.receives(stopped(), alarm("ALARM"))
    first = await house.processes()
    before = [alert.model_dump() for alert in await house.alerts()]

    second = await house.processes()

    assert (first, second) == (2, 0)
    assert [alert.model_dump() for alert in await house.alerts()] == before


async def test_two_workers_at_once_do_everything_once(house: House) -> None:
    await house.receives(*(stopped() for _ in range(5)))

    await asyncio.gather(house.processes(), house.processes())

    (alert,) = await house.alerts()
    assert alert.occurrences == 5


async def test_what_repeats_counts_up_one_alert(house: House) -> None:
    await house.receives(stopped(), stopped(), stopped("other"))

    await house.processes()

    assert [(alert.resource_native_id, alert.occurrences) for alert in await house.alerts()] == [
        ("main", 2),
        ("other", 1),
    ]


async def test_an_alarm_that_is_over_resolves_its_alert(house: House) -> None:
    await house.receives(alarm("ALARM"), kind="alarm")
    await house.processes()
    (open_one,) = await house.alerts()

    await house.receives(alarm("OK", AT + timedelta(minutes=1)), kind="alarm")
    await house.processes()

    (alert,) = await house.alerts()
    assert (open_one.state, alert.state) == ("OPEN", "RESOLVED")


async def test_an_end_that_comes_before_its_beginning_is_the_last_word(house: House) -> None:
    await house.receives(alarm("OK", AT + timedelta(minutes=1)), alarm("ALARM", AT), kind="alarm")

    await house.processes()

    assert await house.alerts() == []


async def test_an_unreadable_message_holds_up_nothing_and_is_told_of_once(house: House) -> None:
    await house.receives({"no": "envelope"}, stopped(), {"detail-type": "x"})
    await house.receives("", text="{not JSON")

    await house.processes()

    unreadable, about_event = sorted(await house.alerts(), key=lambda alert: alert.source, reverse=True)
    assert (unreadable.source, unreadable.occurrences) == ("INTEGRATION", 3)
    assert unreadable.fingerprint == f"endpoint:{house.endpoint.id}:unreadable"
    assert about_event.source == "EVENT"
    found = await ReceivedEvent.list_in(house.tenant.scope, {"state": "UNREADABLE"})
    assert sorted(one.problem or "" for one in found) == [
        "It is not JSON.",
        "This is no envelope of EventBridge: it has no detail or no detail-type.",
        "This is no envelope of EventBridge: it has no detail or no detail-type.",
    ]


async def test_the_alert_ends_once_a_later_message_of_the_endpoint_is_read_well(house: House) -> None:
    await house.receives(stopped(), {"no": "envelope"})
    await house.processes()
    (still,) = [alert for alert in await house.alerts() if alert.source == "INTEGRATION"]
    await house.receives({"detail-type": "x", "detail": {}, "account": STRANGER})
    await house.processes()
    (again,) = [alert for alert in await house.alerts() if alert.source == "INTEGRATION"]

    await house.receives({"no": "envelope"}, stopped())
    await house.processes()

    (over,) = [alert for alert in await house.alerts() if alert.source == "INTEGRATION"]
    assert [(alert.state, alert.occurrences) for alert in (still, again, over)] == [
        ("OPEN", 1),
        ("OPEN", 2),
        ("RESOLVED", 3),
    ]


async def test_what_one_endpoint_reads_well_says_nothing_of_another(house: House) -> None:
    other = IntakeEndpoint(org_id=house.endpoint.org_id, account_id=house.account.id, way=house.endpoint.way)
    await other.insert()
    await house.receives({"no": "envelope"})
    await house.processes()

    await replace(house, endpoint=other).receives(stopped())
    await house.processes()

    (alert,) = [alert for alert in await house.alerts() if alert.source == "INTEGRATION"]
    assert alert.state == "OPEN"


async def test_a_message_that_we_stumble_over_is_set_aside_alone(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    judge = event_alerts.judge

    def stumbling(detectors: Any, event: Any, *more: Any) -> Any:
        if event.resources[:1] == ("bad",):
            raise ZeroDivisionError
        return judge(detectors, event, *more)

    monkeypatch.setattr(event_alerts, "judge", stumbling)
    await house.receives(stopped("good"), stopped("bad"), stopped("better"))

    await house.processes()

    assert await house.states() == ["PROCESSED", "UNREADABLE", "PROCESSED"]
    about = [alert.resource_native_id for alert in await house.alerts() if alert.source == "EVENT"]
    assert about == ["better", "good"]


async def test_a_secret_in_a_message_is_gone_once_it_was_read(house: House) -> None:
    keys = {"accessKey": {"accessKeyId": "AKIAEXAMPLE", "secretAccessKey": "hush"}}
    await house.receives(called("CreateAccessKey", "iam", responseElements=keys), {"password": "hush"})

    await house.processes()

    found = sorted(await ReceivedEvent.list_in(house.tenant.scope, {}), key=lambda one: one.state)
    assert [one.state for one in found] == ["PROCESSED", "UNREADABLE"]
    assert all("hush" not in one.body for one in found)
    assert "AKIAEXAMPLE" in found[0].body


async def test_an_event_of_another_account_of_the_organization_is_about_that_account(house: House) -> None:
    other = await make_account(house.tenant, "210987654321")
    await house.receives(stopped(account="210987654321"))

    await house.processes()

    (alert,) = await house.alerts()
    assert alert.account_id == other.id


async def test_an_event_of_somebody_elses_account_raises_nothing_in_either_tenant(
    house: House, backend: Backend
) -> None:
    stranger = await make_house(backend, native_id=STRANGER)
    await house.receives(stopped(account=STRANGER))

    await house.processes()
    await stranger.processes()

    (alert,) = await house.alerts()
    assert alert.source == "INTEGRATION"
    assert f"1 of 1 events are of accounts that are not yours: {STRANGER}." in alert.message
    assert await house.states() == ["UNREADABLE"]
    assert await stranger.alerts() == []


async def test_a_run_of_one_organization_leaves_the_events_of_others_alone(house: House, backend: Backend) -> None:
    other = await make_house(backend)
    await house.receives(stopped())
    await other.receives(stopped())

    await house.processes()

    assert await house.states() == ["PROCESSED"]
    assert await other.states() == ["WAITING"]
    assert await other.alerts() == []


async def test_a_burst_is_seen_over_several_messages_and_runs(house: House) -> None:
    def read(number: int) -> dict[str, Any]:
        request = {"secretId": f"secret-{number}"}
        return called("GetSecretValue", "secretsmanager", requestParameters=request, readOnly=True)

    await house.receives(*(read(number) for number in range(10)))
    await house.processes()
    at_ten = await house.alerts()
    await house.receives(read(3), read(10))
    await house.processes()

    (alert,) = await house.alerts()
    assert at_ten == []
    assert "mass-secret-read" in alert.fingerprint
    assert alert.occurrences == 1


async def test_reads_that_are_far_apart_are_no_burst(house: House) -> None:
    def read(number: int) -> dict[str, Any]:
        request = {"secretId": f"secret-{number}"}
        at = AT + timedelta(minutes=2 * number)
        return called("GetSecretValue", "secretsmanager", requestParameters=request, readOnly=True, at=at)

    await house.receives(*(read(number) for number in range(30)))

    await house.processes()

    assert await house.alerts() == []
    (memory,) = await EventMemory.list_in(house.tenant.scope, {"about": "mass-secret-read"})
    # Two minutes apart, those of the last ten minutes are five.
    assert len(memory.marks) == 5


async def test_a_pair_of_roles_is_learned_and_then_a_new_one_stands_out(house: House) -> None:
    def chain(target: str, day: int) -> dict[str, Any]:
        issuer = {"sessionIssuer": {"arn": f"arn:aws:iam::{ACCOUNT}:role/web"}}
        who = {"type": "AssumedRole", "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/web/s", "sessionContext": issuer}
        request = {"roleArn": f"arn:aws:iam::{ACCOUNT}:role/{target}"}
        at = AT + timedelta(days=day)
        return called("AssumeRole", "sts", requestParameters=request, userIdentity=who, at=at, readOnly=True)

    await house.receives(chain("reader", 0), chain("other", 1), chain("reader", 9), chain("admin", 10))

    await house.processes()

    (alert,) = await house.alerts()
    assert alert.resource_native_id == f"arn:aws:iam::{ACCOUNT}:role/admin"


async def test_a_cost_anomaly_is_an_anomaly_about_money(house: House) -> None:
    detail = {"anomalyId": "a-1", "impact": {"totalImpact": 120.5}, "rootCauses": [{"service": "Amazon EC2"}]}
    await house.receives({"detail-type": "Anomaly Detected", "account": ACCOUNT, "detail": detail})

    await house.processes()

    (alert,) = await house.alerts()
    assert (alert.source, alert.category) == ("ANOMALY", "FINOPS")
    assert alert.title == "AWS sees an unusual cost in Amazon EC2"


async def test_a_key_of_another_its_machines_and_what_they_cost_are_one_incident(
    house: House, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, place = f"arn:aws:iam::{ACCOUNT}:user/ann", "ap-south-2"
    key = called("CreateAccessKey", "iam", requestParameters={"userName": "ann"})
    machines = called(
        "RunInstances",
        "ec2",
        at=AT + timedelta(minutes=12),
        awsRegion=place,
        userIdentity={"type": "IAMUser", "userName": "ann", "arn": ann, "accessKeyId": "AKIAEXAMPLE"},
        requestParameters={"instanceType": "p4d.24xlarge"},
        responseElements={"instancesSet": {"items": [{"instanceId": "i-0abc"}]}},
    )
    causes = [{"service": "Amazon Elastic Compute Cloud - Compute", "region": place}]
    cost = {
        "detail-type": "Anomaly Detected",
        "account": ACCOUNT,
        "time": (AT + timedelta(minutes=50)).isoformat(),
        "detail": {"anomalyId": "a-1", "impact": {"totalImpact": 120.5}, "rootCauses": causes},
    }
    monkeypatch.setattr(dispatching, "consumers", lambda: (CONSUMER,))
    await house.receives(key, machines, cost)

    await house.processes()
    await follow_up(backend, house.tenant)

    (incident,) = await stored_incidents(house.tenant)
    assert [moment["title"] for moment in incident.timeline] == [
        "An access key was made for another user",
        "Machines with accelerators were started",
        "AWS sees an unusual cost in Amazon Elastic Compute Cloud - Compute",
    ]
    assert [(link["rule"], link["reason"]) for link in incident.links] == [
        ("principal-as-resource", f"{ann} was made or changed, and acted 12 min later."),
        ("same-service", "Cost and security of ec2 in the same account, 38 min apart."),
    ]
    assert incident.categories == ["FINOPS", "SECOPS"]


async def test_a_message_without_a_time_happened_when_it_was_sent(house: House) -> None:
    letter = "AWS Budget Notification\nAWS Account 123456789012\n\nBudget Name: Monthly\nBudgeted Amount: $100.00\n"
    letter += "Alert Type: ACTUAL\nAlert Threshold: > $80.00\nACTUAL Amount: $101.00\n"
    await house.receives({"text": letter, "subject": "AWS Budgets: Monthly"}, kind="budget")

    await house.processes()

    (alert,) = await house.alerts()
    assert (alert.occurred_at, alert.severity, alert.category) == (AT, "HIGH", "FINOPS")


async def test_killed_in_the_middle_everything_is_done_once_by_the_next_run(house: House) -> None:
    await house.receives(*(stopped(f"trail-{number}") for number in range(120)))
    dying = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.fakes.dying_events",
        house.tenant.org_id,
        env={**environment_for_children(house.backend.settings), "CLOUDWATCHER_MONGODB_DATABASE": "cloudwatcher_test"},
    )
    async with asyncio.timeout(180):
        while not await documents.Alert.count_in(house.tenant.scope, {}, cap=1):
            assert dying.returncode is None, "it ended before it could be killed"
            await asyncio.sleep(0.02)
    dying.kill()
    await dying.wait()
    at_death = len(await house.alerts())

    await house.processes()

    alerts = await documents.Alert.list_in(house.tenant.scope, {})
    assert at_death < 120
    assert len(alerts) == 120
    assert {alert.occurrences for alert in alerts} == {1}
    assert set(await house.states()) == {ReceivedState.PROCESSED}


async def test_events_that_wait_for_long_are_asked_for_again(house: House) -> None:
    await house.receives(stopped())
    job = f"process_events:{house.tenant.org_id}"
    await forget_job(house.backend, job)
    await task.process_late_events(house.context)
    at_once = await is_asked(house.backend, job)
    long_ago = utc_now() - timedelta(minutes=2)
    await ReceivedEvent.rows().update_many(
        {"org_id": house.tenant.organization.id}, {"$set": {"received_at": long_ago}}
    )

    await task.process_late_events(house.context)

    assert not at_once
    assert await is_asked(house.backend, job)


async def test_a_run_that_takes_long_asks_for_another(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task, "BATCH", 1)
    monkeypatch.setattr(task, "LONGEST_RUN", timedelta(seconds=-1))
    await house.receives(stopped("a"), stopped("b"))

    first = await house.processes()
    second = await house.processes()

    assert (first, second) == (1, 1)
    assert await house.states() == ["PROCESSED", "PROCESSED"]


async def handled(backend: Backend, monkeypatch: pytest.MonkeyPatch, handle: Handle) -> House:
    house = await make_house(backend, way=IntakeWay.JIRA_WEBHOOK, native_id="jira")
    monkeypatch.setattr(task, "handler_of", lambda _: handle)
    await house.receives({"issue": 1}, kind="jira:issue_updated")
    await house.processes()
    return house


async def test_a_provider_with_a_handler_of_its_own_is_handed_its_messages(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []

    async def handle(_: Any, received: ReceivedEvent, body: Any) -> None:
        seen.append((received.kind, body))

    house = await handled(backend, monkeypatch, handle)

    assert seen == [("jira:issue_updated", {"issue": 1})]
    assert await house.states() == ["PROCESSED"]


@pytest.mark.parametrize(
    ("error", "state", "problem"),
    [
        (Throttled("Slow down.", service="jira"), "WAITING", None),
        (ConnectionResetError(), "WAITING", None),
        (Misshapen("No issue in it.", service="jira"), "UNREADABLE", "No issue in it."),
        (ZeroDivisionError(), "UNREADABLE", "It could not be read because of an error of ours, which is logged."),
    ],
)
async def test_a_handler_that_cannot_now_is_asked_again_and_one_that_never_will_is_not(
    backend: Backend, monkeypatch: pytest.MonkeyPatch, error: Exception, state: str, problem: str | None
) -> None:
    async def handle(*_: Any) -> None:
        raise error

    house = await handled(backend, monkeypatch, handle)

    (received,) = await ReceivedEvent.list_in(house.tenant.scope, {})
    assert (received.state, received.problem) == (state, problem)


async def test_events_of_a_provider_that_nobody_reads_are_set_aside(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = await make_house(backend, way=IntakeWay.JIRA_WEBHOOK, native_id="jira")
    monkeypatch.setattr(task, "handler_of", lambda provider: None)
    await house.receives({"issue": 1}, kind="jira:issue_updated")

    await house.processes()

    (received,) = await ReceivedEvent.list_in(house.tenant.scope, {})
    assert (received.state, received.problem) == ("UNREADABLE", "There is no reader for events of JIRA.")
