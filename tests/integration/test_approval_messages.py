"""Who is told of plans that wait for an approval: once, in words, with buttons as far as chosen; then the outcome."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from beanie import PydanticObjectId

import documents
from app.wiring import Backend
from documents import AlertState, Role
from documents.base import utc_now
from domain.alerting.hours import WeeklyHours
from domain.alerting.quiet import QuietHours
from domain.facts.channel import ChannelKind, ChannelState
from domain.facts.finding import Risk
from domain.facts.remediation import RemediationState
from jobs.consumers import approvals
from schema.node import global_id
from tests.factories.graph import Graph
from tests.factories.tenant import Tenant, make_tenant
from tests.factories.told import make_channel
from tests.integration.approval_house import ApprovalHouse, buttons, ready_house, said

SET = """mutation($input: SetRemediationSettingsInput!) { setRemediationSettings(input: $input) { __typename
  ... on SetRemediationSettingsSuccess { settings { chatApprovalsUpTo approvalChannelIds validHours } }
  ... on UserError { message path } } }"""
S = RemediationState


@pytest.fixture
async def house(backend: Backend, address: str) -> AsyncIterator[ApprovalHouse]:
    async with ready_house(backend, address) as made:
        yield made


async def test_the_message_says_what_is_to_be_decided(house: ApprovalHouse) -> None:
    remediation, _ = await house.told_of(risk=Risk.MEDIUM, is_production=True, approvals_needed=2)

    (message,) = house.site.posted
    assert message["text"].startswith("[Approval] May this be done to spare?\nChanges the volume to gp3.")
    assert said(message) == {
        "Resource": f"spare ({remediation.resource_native_id})",
        "Account": "Chat",
        "Fault": "gp2 costs more.",
        "Steps": "1: 1. secret-step",
        "Risk": "MEDIUM, in production",
        "Lost": "Nothing: it can be undone.",
        "Asked by": house.asker.user.name,
        "Reason": "Paid for in vain.",
        "Approvals": "2 needed, from somebody else than who asked",
        "Until": f"{remediation.expires_at:%Y-%m-%d %H:%M} UTC",
    }


@pytest.mark.parametrize(
    ("up_to", "risk", "is_production", "names"),
    [
        (None, Risk.LOW, False, ["open"]),
        (Risk.LOW, Risk.LOW, True, ["approve", "decline", "open"]),
        (Risk.LOW, Risk.MEDIUM, False, ["open"]),
        (Risk.HIGH, Risk.HIGH, False, ["approve", "decline", "open"]),
        (Risk.HIGH, Risk.HIGH, True, ["open"]),
    ],
)
async def test_above_the_chosen_risk_there_is_only_the_link(
    house: ApprovalHouse, up_to: Risk | None, risk: Risk, is_production: bool, names: list[str]
) -> None:
    await house.set_up(up_to)

    _, shown = await house.told_of(risk=risk, is_production=is_production)

    assert list(shown) == names


async def test_other_channels_are_told_the_same(house: ApprovalHouse) -> None:
    mail = await make_channel(house.asker, kind=ChannelKind.EMAIL)
    await documents.RemediationSettings.rows().update_one(
        {"org_id": house.asker.organization.id}, {"$push": {"approval_channel_ids": mail}}
    )

    remediation = await house.plan()
    await house.dispatch()

    rows = await documents.Delivery.rows().find({"org_id": remediation.org_id}).to_list()
    assert {row["channel_id"] for row in rows} == {house.channel.id, mail}
    assert rows[0]["notice"]["lines"] == rows[1]["notice"]["lines"]
    assert all(row["notice"]["link"].endswith(global_id("Remediation", remediation.id)) for row in rows)


@pytest.mark.parametrize(
    "fields",
    [
        {"missing": ["ec2:ModifyVolume"]},
        {"problem": "This account may be read, not changed."},
        {"expires_at": utc_now() - timedelta(hours=1)},
        {"state": S.PLANNING},
        {"state": S.APPROVED, "approved_at": utc_now()},
    ],
    ids=["missing", "no credentials", "late", "not planned", "approved by itself"],
)
async def test_nobody_is_asked_for_what_cannot_be_approved(house: ApprovalHouse, fields: dict[str, Any]) -> None:
    await house.plan(**fields)

    await house.tell()

    assert await house.deliveries() == []


async def test_it_is_told_once_though_workers_die_and_come_again(
    house: ApprovalHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(Exception):
        """The worker is no more."""

    def dying(call: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        async def told_and_killed(*args: Any, **kwargs: Any) -> None:
            await call(*args, **kwargs)
            raise Killed

        return told_and_killed

    await house.plan()
    with monkeypatch.context() as patch:
        patch.setattr(approvals, "tell", dying(approvals.tell))
        with pytest.raises(ExceptionGroup) as died:
            await house.dispatch()
    after_death = await house.deliveries()

    await asyncio.gather(*(house.dispatch() for _ in range(3)))
    await house.tell()

    assert died.group_contains(Killed)
    assert after_death == []
    assert await house.deliveries() == [("APPROVAL", "May this be done to spare?", "SENT")]
    assert len(house.site.posted) == 1


async def test_a_step_that_is_told_of_again_asks_nobody_again(house: ApprovalHouse) -> None:
    remediation, _ = await house.told_of()

    await house.moved(remediation, S.PLANNED, step="Waits for an approval")
    await house.tell()

    assert len(house.site.posted) == 1
    assert house.site.updated == []


async def test_with_each_approval_of_several_the_message_says_how_many_there_are(house: ApprovalHouse) -> None:
    await house.person(Role.ADMIN, "USECOND")
    _, shown = await house.told_of(approvals_needed=2)

    await house.press(shown["approve"])
    await house.tell()
    half = house.site.updated[-1]
    await house.press(buttons(half)["approve"], by="USECOND")
    await house.tell()

    assert said(half)["Approvals"] == "1 of 2 given"
    assert list(buttons(half)) == ["approve", "decline", "open"]
    assert [(kind, state) for kind, _, state in await house.deliveries()] == [
        ("APPROVAL", "SENT"),
        ("APPROVAL", "SENT"),
        ("DECIDED", "SENT"),
    ]
    assert list(buttons(house.site.updated[-1])) == ["open"]


@pytest.mark.parametrize("to", [S.EXPIRED, S.CANCELLED])
async def test_what_became_of_it_without_slack_is_shown_there(house: ApprovalHouse, to: RemediationState) -> None:
    remediation, _ = await house.told_of()

    await house.moved(remediation, to, problem="Nobody needs it.")
    await house.tell()
    await house.tell()

    (update,) = house.site.updated
    assert list(buttons(update)) == ["open"]
    assert "Nobody needs it." in update["text"]


async def test_what_quiet_hours_hold_back_is_not_told_once_it_is_decided(house: ApprovalHouse) -> None:
    hour = utc_now().hour
    hours = WeeklyHours(begins=f"{(hour - 1) % 24:02d}:00", ends=f"{(hour + 10) % 24:02d}:00")
    quiet = QuietHours(hours=(hours,)).model_dump(mode="json")
    await documents.Channel.rows().update_one({"_id": house.channel.id}, {"$set": {"quiet": quiet}})
    remediation = await house.plan()
    await house.tell()
    held = await house.deliveries()

    await house.moved(remediation, S.CANCELLED)
    await house.tell()

    assert [state for _, _, state in held] == ["HELD"]
    assert [state for _, _, state in await house.deliveries()] == ["FOLDED"]
    assert house.site.posted == []


async def test_an_alert_tells_that_none_of_the_channels_can_be_used(house: ApprovalHouse) -> None:
    channels = documents.Channel.rows()
    await channels.update_one({"_id": house.channel.id}, {"$set": {"state": ChannelState.DISABLED.value}})
    await house.plan()
    await house.tell()
    alone = await documents.Alert.list_in(house.asker.scope, {"fingerprint": "channels:approvals"})
    await channels.update_one({"_id": house.channel.id}, {"$set": {"state": ChannelState.VERIFIED.value}})
    await house.plan()
    await house.tell()
    again = await documents.Alert.list_in(house.asker.scope, {"fingerprint": "channels:approvals"})

    assert [alert.state for alert in alone] == [AlertState.OPEN]
    assert [alert.state for alert in again] == [AlertState.RESOLVED]


async def choose(graph: Graph, tenant: Tenant, **input: Any) -> dict[str, Any]:
    answer = await graph.ask(SET, tenant.token, input=input)
    found: dict[str, Any] = answer["setRemediationSettings"]
    return found


async def test_settings_are_chosen_and_switched_off_again(house: ApprovalHouse, graph: Graph) -> None:
    channel = global_id("Channel", house.channel.id)

    on = await choose(graph, house.asker, chatApprovalsUpTo="HIGH", approvalChannelIds=[channel, channel])
    left_out = await choose(graph, house.asker, validHours=72)
    off = await choose(graph, house.asker, chatApprovalsUpTo=None, approvalChannelIds=[])

    assert on["settings"] == {"chatApprovalsUpTo": "HIGH", "approvalChannelIds": [channel], "validHours": 24}
    assert left_out["settings"] == {"chatApprovalsUpTo": "HIGH", "approvalChannelIds": [channel], "validHours": 72}
    assert off["settings"] == {"chatApprovalsUpTo": None, "approvalChannelIds": [], "validHours": 72}


async def test_a_channel_of_another_organization_looks_like_a_missing_one(
    house: ApprovalHouse, graph: Graph, backend: Backend
) -> None:
    foreign = global_id("Channel", await make_channel(await make_tenant(backend)))
    missing = global_id("Channel", PydanticObjectId())

    refused = [await choose(graph, house.asker, approvalChannelIds=[one]) for one in (foreign, missing)]

    assert refused[0] == refused[1]
    assert refused[0]["path"] == ["input", "approvalChannelIds"]
