"""Our own records as controls look at them: what we read, tell, limit and judge, and what we write elsewhere."""

from datetime import timedelta
from decimal import Decimal
from typing import Any, get_type_hints

import pytest
from beanie import PydanticObjectId

import documents
from app.wiring import Backend
from documents.alert import AlertSource
from documents.base import utc_now
from documents.sync_run import SyncState
from domain.compliance.answers import NotOffered
from domain.compliance.naming import fingerprint_of
from domain.compliance.own_records import OPERATIONS
from domain.facts.channel import ChannelKind, DeliveryState
from domain.facts.compliance import CheckStatus, Integration
from domain.facts.health import HealthState
from domain.facts.notice import NoticeKind
from domain.facts.provider import Provider
from domain.facts.severity import Severity
from domain.facts.ticket import StatusCategory, TicketState
from jobs.checking.own import own_subjects, written_by_us
from tests.factories.made_controls import OWNED, use_controls
from tests.factories.synthetic_account import context_of
from tests.factories.tenant import Tenant, make_tenant

NOW = utc_now()


@pytest.fixture
async def tenant(backend: Backend) -> Tenant:
    return await make_tenant(backend)


async def rows(backend: Backend, tenant: Tenant, operation: str) -> list[dict[str, Any]]:
    """The rows of one of our own operations, which have the fields that were agreed on."""
    platform, _ = own_subjects(context_of(backend), tenant.scope, NOW)
    (call,) = await platform.calls._read(operation)
    return agreed(operation, call.pages[0])


def agreed(operation: str, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    assert {frozenset(row) for row in found} <= {frozenset(get_type_hints(OPERATIONS[operation]))}
    return found


async def account_of(tenant: Tenant, provider: Provider = Provider.AWS) -> documents.Account:
    account = documents.Account(
        org_id=tenant.organization.id,
        provider=provider,
        native_id=f"{provider}-1",
        name="Production",
        state=documents.AccountState.CONNECTED,
    )
    await account.insert()
    return account


async def test_how_accounts_are_read_and_answer(backend: Backend, tenant: Tenant) -> None:
    account = await account_of(tenant)
    for state, hours in ((SyncState.SUCCEEDED, 3), (SyncState.SUCCEEDED, 2), (SyncState.PARTIAL, 1)):
        ended_at = NOW - timedelta(hours=hours)
        await documents.SyncRun(
            org_id=account.org_id, account_id=account.id, state=state, ended_at=ended_at, created_at=ended_at
        ).insert()

    quiet = await rows(backend, tenant, "platform:integrations.health")
    await documents.IntegrationHealth(
        org_id=account.org_id, account_id=account.id, state=HealthState.FAILING, at=NOW
    ).insert()

    # What was read in part was not read in whole.
    assert await rows(backend, tenant, "platform:sync_runs") == [
        {"account_id": str(account.id), "last_success_at": NOW - timedelta(hours=2), "cadence_minutes": 15}
    ]
    assert [one["status"] for one in quiet] == ["degraded"]
    assert await rows(backend, tenant, "platform:integrations.health") == [
        {"integration": "AWS", "account_id": str(account.id), "status": "down", "since": NOW}
    ]


async def test_what_budgets_will_come_to(backend: Backend, tenant: Tenant) -> None:
    base = {"org_id": tenant.organization.id, "amount": Decimal(200), "currency": "USD", "thresholds": [80]}
    await documents.Budget(**base, name="known", expected=Decimal(150)).insert()
    await documents.Budget(**base, name="unknown").insert()
    await documents.Budget(**base, name="away", archived_at=NOW).insert()

    found = await rows(backend, tenant, "platform:budgets")

    assert {one["name"]: one["forecast_ratio"] for one in found} == {"known": 0.75, "unknown": None}


async def test_what_is_declared_to_raise_costs_for_a_time_is_a_sale(backend: Backend, tenant: Tenant) -> None:
    base = {"org_id": tenant.organization.id, "first": NOW, "until": NOW + timedelta(days=2)}
    nothing = documents.ForecastEvent(**base, name="less", factor=Decimal("0.5"))
    await nothing.insert()
    with pytest.raises(NotOffered):
        await rows(backend, tenant, "platform:sales")
    for event in (
        documents.ForecastEvent(**base, name="spring", factor=Decimal(3), starts_at=NOW),
        documents.ForecastEvent(**base, name="autumn", amount=Decimal(10), currency="USD", sub_account_id="1"),
        documents.ForecastEvent(**base, name="one service", factor=Decimal(3), service_name="S3"),
        documents.ForecastEvent(**{**base, "until": None}, name="for good", factor=Decimal(3)),
        documents.ForecastEvent(**base, name="returned", amount=Decimal(-10), currency="USD"),
    ):
        await event.insert()

    found = await rows(backend, tenant, "platform:sales")

    assert {one["name"]: one["account"] for one in found} == {"spring": None, "autumn": "1"}
    assert {one["name"]: one["starts_at"] for one in found} == {"spring": NOW, "autumn": None}
    assert {(one["first"], one["until"]) for one in found} == {(base["first"], base["until"])}


async def deliver(
    tenant: Tenant,
    kind: NoticeKind,
    state: DeliveryState,
    *,
    channel: documents.Channel | None = None,
    subject: str = "alert:x",
    seconds: int = 0,
) -> documents.Delivery:
    tried = NOW - timedelta(hours=1)
    made = documents.Delivery(
        org_id=tenant.organization.id,
        channel_id=PydanticObjectId() if channel is None else channel.id,
        key=str(PydanticObjectId()),
        kind=kind,
        subject=subject,
        title="title",
        notice={},
        state=state,
        due_at=tried,
        tries=1,
        first_tried_at=tried,
        sent_at=tried + timedelta(seconds=seconds) if state is DeliveryState.SENT else None,
        problem=None if state is DeliveryState.SENT else "channel_not_found",
        reference="17.1" if state is DeliveryState.SENT else None,
        created_at=tried,
    )
    await made.insert()
    return made


async def test_how_quickly_alerts_are_told(backend: Backend, tenant: Tenant) -> None:
    nothing = await rows(backend, tenant, "platform:alert_deliveries")
    for seconds in (*range(1, 20), 500):
        await deliver(tenant, NoticeKind.RAISED, DeliveryState.SENT, seconds=seconds)
    await deliver(tenant, NoticeKind.ESCALATED, DeliveryState.EXPIRED)
    # A digest comes late on purpose, and what waits was not tried yet.
    await deliver(tenant, NoticeKind.DIGEST, DeliveryState.SENT, seconds=900)
    await deliver(tenant, NoticeKind.RAISED, DeliveryState.HELD)

    assert nothing == [{"attempted": 0, "delivered": 0, "p95_seconds": None, "escalation_steps": 0}]
    # The nineteenth of twenty.
    assert await rows(backend, tenant, "platform:alert_deliveries") == [
        {"attempted": 21, "delivered": 20, "p95_seconds": 19.0, "escalation_steps": 0}
    ]


async def test_what_came_to_no_end(backend: Backend, tenant: Tenant) -> None:
    account = await account_of(tenant)
    for state in (SyncState.SUCCEEDED, SyncState.PARTIAL, SyncState.FAILED):
        await documents.SyncRun(org_id=account.org_id, account_id=account.id, state=state).insert()
    await deliver(tenant, NoticeKind.RAISED, DeliveryState.SENT)
    dead = await deliver(tenant, NoticeKind.RAISED, DeliveryState.EXPIRED)

    assert await rows(backend, tenant, "platform:job_runs") == [
        {"queued": 5, "succeeded": 3, "failed": 2, "dead": 1, "oldest_dead_at": dead.created_at}
    ]


async def check_of(tenant: Tenant, control_id: str, status: CheckStatus, judged: timedelta, due: timedelta) -> None:
    await documents.Check(
        org_id=tenant.organization.id,
        control_id=control_id,
        integration=Integration.PLATFORM,
        status=status,
        judged_at=NOW - judged,
        changed_at=NOW - judged,
        version=1,
        next_at=NOW - due,
    ).insert()


async def test_which_checks_were_made_and_missed(backend: Backend, tenant: Tenant) -> None:
    hour = timedelta(hours=1)
    await check_of(tenant, "CW-TST-01", CheckStatus.PASS, hour, -hour)
    await check_of(tenant, "CW-TST-02", CheckStatus.ERROR, hour, hour)
    await check_of(tenant, "CW-TST-03", CheckStatus.PASS, 50 * hour, 26 * hour)
    await check_of(tenant, "CW-TST-04", CheckStatus.PASS, 50 * hour, -hour)

    assert await rows(backend, tenant, "platform:check_runs") == [
        {"scheduled": 3, "completed": 2, "late": 2, "error": 1}
    ]


async def test_the_audit_log_is_walked(backend: Backend, tenant: Tenant) -> None:
    (row,) = await rows(backend, tenant, "platform:audit_log.verify")

    # Of an organization that was made without a log, which every other has.
    assert (row["broken_at"], row["anchored_until"]) == (1, None)


async def test_what_we_have_told_and_filed_of_a_control(
    backend: Backend, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_controls(monkeypatch, OWNED)
    jira, slack = await account_of(tenant, Provider.JIRA), await account_of(tenant, Provider.SLACK)
    alert = await failing_alert(tenant)
    channel = documents.Channel(
        org_id=tenant.organization.id, name="ops", kind=ChannelKind.SLACK_BOT, shown="#ops", settings=b""
    )
    await channel.insert()
    await deliver(tenant, NoticeKind.RAISED, DeliveryState.SENT, channel=channel, subject=f"alert:{alert.id}")
    await deliver(tenant, NoticeKind.RESOLVED, DeliveryState.FAILED, channel=channel, subject=f"alert:{alert.id}")
    await deliver(tenant, NoticeKind.STATUS, DeliveryState.SENT, channel=channel, subject="status")
    # About something else than a control.
    await deliver(tenant, NoticeKind.RAISED, DeliveryState.SENT, channel=channel, subject=f"alert:{'0' * 24}")
    task = documents.JiraTask(
        org_id=tenant.organization.id,
        subject=f"alert:{alert.id}",
        alert_id=alert.id,
        account_id=jira.id,
        state=TicketState.DONE,
        is_over=True,
        issue_id="1",
        issue_key="OPS-1",
        status="Closed",
        category=StatusCategory.DONE,
        updated_at=NOW,
    )
    await task.insert()
    await documents.ControlState(
        org_id=tenant.organization.id, control_id=OWNED.id, status=CheckStatus.FAIL, since=NOW
    ).insert()

    posted = await written(slack, "chat.postMessage")
    opened = await written(jira, "POST /rest/api/3/issue")
    moved = await written(jira, "POST /rest/api/3/issue/{issueIdOrKey}/transitions")
    (result,) = await rows(backend, tenant, "platform:control_results")

    assert [(one["purpose"], one["control_id"], one["ok"], one["ts"], one["error"]) for one in posted] == [
        ("failure", OWNED.id, True, "17.1", None),
        ("status_change", OWNED.id, False, None, "channel_not_found"),
        ("heartbeat", None, True, "17.1", None),
    ]
    assert [(one["key"], one["control_id"], one["failed_at"]) for one in opened] == [("OPS-1", OWNED.id, NOW)]
    assert [(one["to_status"], one["is_reopening"], one["moved_at"]) for one in moved] == [("Closed", False, NOW)]
    assert (result["status"], result["first_failed_at"], result["ticket_key"]) == ("FAIL", NOW, "OPS-1")
    assert written_by_us(await account_of(tenant, Provider.GITHUB)) == {}


async def written(account: documents.Account, operation: str) -> list[dict[str, Any]]:
    (call,) = await written_by_us(account)[operation](operation)
    return agreed(operation, call.pages[0])


async def failing_alert(tenant: Tenant) -> documents.Alert:
    alert = documents.Alert(
        org_id=tenant.organization.id,
        fingerprint=fingerprint_of(OWNED.id, "AWS", None),
        source=AlertSource.CHECK,
        severity=Severity.HIGH,
        title="title",
        message="message",
        raised_at=NOW,
    )
    await alert.insert()
    return alert
