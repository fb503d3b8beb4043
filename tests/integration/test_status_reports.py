"""Summaries by the clock: once for each day, whoever is at work, and only to a channel that works."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

import documents
from app.wiring import Backend
from app.worker import options
from documents.channel import Channel
from documents.delivery import Delivery
from domain.facts.channel import ChannelKind, ChannelState
from domain.facts.status import ReportEvery, StatusKind
from jobs.tasks import send_status_report as task
from schema.node import global_id
from tests.factories.graph import Graph
from tests.factories.tenant import Tenant, make_tenant

# A Thursday.
AT_EIGHT = datetime(2026, 11, 26, 7, 0, tzinfo=UTC)
CREATE = """
mutation($input: CreateStatusReportInput!) {
  createStatusReport(input: $input) {
    __typename
    ... on CreateStatusReportSuccess { statusReport { id name kinds at zone nextAt version problem channelId } }
    ... on UserError { message path }
  }
}
"""
UPDATE = """
mutation($input: UpdateStatusReportInput!) {
  updateStatusReport(input: $input) {
    __typename
    ... on UpdateStatusReportSuccess { statusReport { name isPaused nextAt version } }
    ... on UserError { message path }
  }
}
"""
DELETE = "mutation($input: StatusReportInput!) { deleteStatusReport(input: $input) { __typename } }"
SEND = "mutation($input: SendStatusReportInput!) { sendStatusReport(input: $input) { __typename } }"
LIST = "{ statusReports { nodes { id name } } }"


async def make_channel(tenant: Tenant, state: ChannelState = ChannelState.VERIFIED, name: str = "team") -> Channel:
    channel = Channel(
        org_id=tenant.organization.id, name=name, kind=ChannelKind.EMAIL, shown="team@", settings=b"", state=state
    )
    await channel.insert()
    return channel


async def make_report(tenant: Tenant, channel: Channel, **more: Any) -> documents.StatusReport:
    fields: dict[str, Any] = {
        "name": "Morning",
        "kinds": [StatusKind.ALERTS, StatusKind.COMPLIANCE],
        "every": ReportEvery.DAY,
        "at": "08:00",
        "zone": "Europe/Berlin",
        "next_at": AT_EIGHT,
    }
    report = documents.StatusReport(org_id=tenant.organization.id, channel_id=channel.id, **fields | more)
    await report.insert()
    return report


def job(backend: Backend, now: datetime) -> dict[str, Any]:
    return {"context": replace(options(backend)["ctx"]["context"], now=lambda: now)}


async def delivered(tenant: Tenant) -> list[Delivery]:
    return await Delivery.list_in(tenant.scope, {})


async def again(report: documents.StatusReport) -> documents.StatusReport:
    raw = await documents.StatusReport.rows().find_one({"_id": report.id})
    return documents.StatusReport.stored(raw or {})


async def test_a_due_report_is_handed_to_its_channel_once_and_says_what_is_not_judged(backend: Backend) -> None:
    tenant = await make_tenant(backend)
    report = await make_report(tenant, await make_channel(tenant))

    await task.send_due_reports(job(backend, AT_EIGHT))
    await task.send_due_reports(job(backend, AT_EIGHT))

    (one,) = await delivered(tenant)
    assert (one.key, one.kind, one.subject) == (f"status:{report.id}:2026-11-26", "STATUS", f"status:{report.id}")
    assert one.title == f"Morning: {tenant.organization.name}"
    assert one.notice["message"] == (
        "Open alerts: None open.\nCompliance: Not judged yet: no controls are evaluated so far."
    )
    stored = await again(report)
    # Berlin is an hour ahead of UTC in winter.
    assert (stored.next_at, stored.last_sent_at) == (datetime(2026, 11, 27, 7, 0, tzinfo=UTC), AT_EIGHT)


async def test_a_report_that_fails_does_not_keep_the_others_from_being_sent(backend: Backend) -> None:
    broken, sound = await make_tenant(backend), await make_tenant(backend)
    # A time zone that the clock does not know any more.
    failing = await make_report(broken, await make_channel(broken), zone="Europe/Nowhere", next_at=AT_EIGHT)
    await make_report(sound, await make_channel(sound))

    await task.send_due_reports(job(backend, AT_EIGHT))

    assert await delivered(broken) == []
    assert len(await delivered(sound)) == 1
    assert (await again(failing)).next_at == AT_EIGHT
    await documents.StatusReport.rows().delete_one({"_id": failing.id})


async def test_two_workers_that_see_the_same_due_report_send_it_once(backend: Backend) -> None:
    tenant = await make_tenant(backend)
    report = await make_report(tenant, await make_channel(tenant))
    both = [await again(report), await again(report)]

    sent = [
        await task._send(job(backend, AT_EIGHT)["context"], one, f"status:{one.id}:2026-11-26", AT_EIGHT, is_due=True)
        for one in both
    ]

    assert sent == [True, False]
    assert len(await delivered(tenant)) == 1


async def test_of_days_that_were_missed_one_report_is_sent(backend: Backend) -> None:
    tenant = await make_tenant(backend)
    report = await make_report(tenant, await make_channel(tenant))

    await task.send_due_reports(job(backend, datetime(2026, 11, 30, 12, 0, tzinfo=UTC)))

    assert len(await delivered(tenant)) == 1
    assert (await again(report)).next_at == datetime(2026, 12, 1, 7, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("state", "problem"),
    [
        (ChannelState.UNVERIFIED, "Its channel team is not in use: send it a test first."),
        (None, "Its channel is gone: choose another."),
    ],
)
async def test_a_channel_that_is_not_in_use_gets_nothing_and_the_report_says_why(
    backend: Backend, state: ChannelState | None, problem: str
) -> None:
    tenant = await make_tenant(backend)
    channel = await make_channel(tenant, state or ChannelState.VERIFIED)
    report = await make_report(tenant, channel)
    if state is None:
        await Channel.rows().delete_one({"_id": channel.id})

    await task.send_due_reports(job(backend, AT_EIGHT))

    assert await delivered(tenant) == []
    assert (await again(report)).problem == problem


async def test_a_report_that_is_asked_for_is_sent_beside_its_times_once_for_each_ask(backend: Backend) -> None:
    tenant = await make_tenant(backend)
    report = await make_report(tenant, await make_channel(tenant))
    asked = {"org_id": tenant.org_id, "report_id": str(report.id)}

    first = await task.send_status_report(job(backend, AT_EIGHT), **asked, key="k")
    again_ = await task.send_status_report(job(backend, AT_EIGHT), **asked, key="k")
    gone = await task.send_status_report(job(backend, AT_EIGHT), org_id=tenant.org_id, report_id="0" * 24, key="k")

    assert (first, again_, gone) == (True, False, False)
    assert (await again(report)).next_at == AT_EIGHT
    # Not left behind as due for the ticks of other tests.
    await documents.StatusReport.rows().delete_one({"_id": report.id})


async def test_a_report_is_made_changed_paused_sent_and_deleted(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    channel = await make_channel(tenant)
    input: dict[str, Any] = {"name": "Weekly", "channelId": global_id("Channel", channel.id), "kinds": ["COSTS"]}

    made = (await graph.ask(CREATE, tenant.token, input=input))["createStatusReport"]["statusReport"]
    twice = (await graph.ask(CREATE, tenant.token, input=input))["createStatusReport"]
    changes = {"statusReportId": made["id"], "expectedVersion": 1, "name": "Renamed", "isPaused": True}
    paused = (await graph.ask(UPDATE, tenant.token, input=changes))["updateStatusReport"]["statusReport"]
    stale = (await graph.ask(UPDATE, tenant.token, input=changes))["updateStatusReport"]
    nothing = (await graph.ask(UPDATE, tenant.token, input={"statusReportId": made["id"]}))["updateStatusReport"]
    sent = (await graph.ask(SEND, tenant.token, input={"statusReportId": made["id"]}))["sendStatusReport"]
    listed = (await graph.ask(LIST, tenant.token))["statusReports"]["nodes"]
    await graph.ask(DELETE, tenant.token, input={"statusReportId": made["id"]})

    assert (made["at"], made["zone"], made["channelId"]) == ("08:00", "UTC", input["channelId"])
    assert made["nextAt"] is not None
    assert "already" in twice["message"]
    assert paused == {"name": "Renamed", "isPaused": True, "nextAt": None, "version": 2}
    assert stale["__typename"] == "ConflictError"
    assert nothing["message"] == "Say what to change."
    assert sent["__typename"] == "SendStatusReportSuccess"
    assert [one["name"] for one in listed] == ["Renamed"]
    assert (await graph.ask(LIST, tenant.token))["statusReports"]["nodes"] == []


async def test_another_channel_is_one_of_the_organization_and_a_zone_is_one_that_exists(
    graph: Graph, backend: Backend
) -> None:
    tenant, other = await make_tenant(backend), await make_tenant(backend)
    own, foreign = await make_channel(tenant), await make_channel(other)
    input: dict[str, Any] = {"name": "a", "channelId": global_id("Channel", own.id), "kinds": ["COSTS"]}

    theirs = {**input, "channelId": global_id("Channel", foreign.id)}
    refused = (await graph.ask(CREATE, tenant.token, input=theirs))["createStatusReport"]
    nowhere = (await graph.ask(CREATE, tenant.token, input={**input, "zone": "Mars/Base"}))["createStatusReport"]
    made = (await graph.ask(CREATE, tenant.token, input=input))["createStatusReport"]["statusReport"]
    moved = {"statusReportId": made["id"], "channelId": theirs["channelId"]}
    kept = (await graph.ask(UPDATE, tenant.token, input=moved))["updateStatusReport"]

    assert refused["__typename"] == "NotFoundError"
    assert nowhere["path"] == ["input", "zone"]
    assert kept["__typename"] == "NotFoundError"
