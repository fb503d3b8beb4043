"""Plans are approved in Slack: by signed buttons, by who may, that plan alone, and as far as is chosen."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import pytest
from beanie import PydanticObjectId

import documents
from app.wiring import Backend
from auth.notice_action import NoticeAction
from documents import AuthMethod, Role
from documents.base import utc_now
from documents.remediation_act import cancel
from domain.facts.finding import Risk
from domain.facts.remediation import RemediationState
from schema.node import global_id
from tests.factories.graph import Graph
from tests.factories.remediation_house import make_house
from tests.factories.tenant import make_session
from tests.fakes.aws import Moto
from tests.integration.approval_house import ApprovalHouse, buttons, open_house, ready_house, said

APPROVED = "Approved: it is done when its turn comes."
ALREADY = "Approved already, by you. Nothing was changed."
TOO_OLD = "This button does not work any more. Open CloudWatcher, and decide there."
S = RemediationState


@pytest.fixture
async def house(backend: Backend, address: str) -> AsyncIterator[ApprovalHouse]:
    async with ready_house(backend, address) as made:
        yield made


@pytest.fixture(scope="module")
def moto() -> Iterator[Moto]:
    with pytest.MonkeyPatch.context() as patch, Moto().served() as running:
        patch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
        yield running


async def test_a_fault_is_planned_approved_in_slack_and_mended(
    house: ApprovalHouse, backend: Backend, graph: Graph, moto: Moto
) -> None:
    moto.reset()
    account = await make_house(backend, graph, moto)
    house = await open_house(backend, house.http, house.site, account.asker, account.approver)
    await house.set_up(Risk.MEDIUM)
    site = house.site
    volume = account.volume("gp2")

    id = await account.plan("aws-ebs-gp2-to-gp3", volume)
    await house.tell()
    # The channel gets the alerts of the account, too.
    (message,) = [one for one in site.posted if one["text"].startswith("[Approval]")]
    answer = await house.press(buttons(message)["approve"])
    shown = await account.shown(id)
    state = await account.work(id)
    await house.tell()

    assert answer == APPROVED
    assert (shown["state"], shown["approvals"]) == ("APPROVED", [{"via": "slack"}])
    assert state == "DONE"
    assert moto.client("ec2").describe_volumes()["Volumes"][0]["VolumeType"] == "gp3"
    assert buttons(message)["open"].endswith(f"/remediations/{id}")
    assert said(message)["Asked by"] == account.asker.user.name
    assert said(message)["Account"] == "Stand-in"
    assert said(message)["Expected saving"].startswith("USD ")
    assert await house.audited() == [("remediation.approve", f"user:{account.approver.user.id}", "DONE", None)]
    (outcome,) = [one for one in site.updated if one["text"].startswith("[Decided] Approved")]
    assert set(buttons(outcome)) == {"open"}
    assert said(outcome)["Approved by"] == account.approver.user.name


async def test_made_up_changed_and_old_buttons_do_nothing(house: ApprovalHouse) -> None:
    remediation, shown = await house.told_of()
    action = house.context.actions.open(shown["approve"], utc_now())
    assert action is not None
    old = house.context.actions.seal(action, utc_now() - timedelta(days=8))

    for value in ("made up", shown["approve"][:-2] + "AA", old):
        assert await house.press(value) == TOO_OLD
    assert await house.press(shown["approve"], secret="guessed") is None

    assert (await house.now(remediation)).state is S.PLANNED
    assert await house.audited() == []


async def test_pressed_again_it_says_so_and_changes_nothing(house: ApprovalHouse) -> None:
    remediation, shown = await house.told_of()

    first = await house.press(shown["approve"])
    before = await house.now(remediation)
    second = await house.press(shown["approve"])

    assert (first, second) == (APPROVED, ALREADY)
    assert await house.now(remediation) == before
    assert len(await house.audited()) == 1


async def test_a_button_works_in_its_own_organization_alone(
    house: ApprovalHouse, backend: Backend, address: str
) -> None:
    async with ready_house(backend, address) as other:
        remediation, shown = await house.told_of()
        action = NoticeAction("approve", f"remediation:{remediation.id}:{remediation.plan_hash}", other.asker.org_id)

        pressed_there = await other.press(shown["approve"])
        with_another_plan = await other.press(other.context.actions.seal(action, utc_now()))
        other.site.knows("USTRANGER", house.approver.user.email)
        by_a_stranger = await other.press((await other.told_of())[1]["approve"], by="USTRANGER")

    assert pressed_there == TOO_OLD
    assert with_another_plan == "There is no such remediation, or it is not yours to see."
    assert by_a_stranger is not None
    assert by_a_stranger.startswith("CloudWatcher does not know you in this organization.")
    assert (await house.now(remediation)).state is S.PLANNED


async def test_who_asked_does_not_approve(house: ApprovalHouse) -> None:
    remediation, shown = await house.told_of()

    answer = await house.press(shown["approve"], by="UASKER")

    assert answer == "Somebody else must approve it than who has asked for it."
    assert (await house.now(remediation)).approvals == []
    assert await house.audited() == [
        ("remediation.approve", f"user:{house.asker.user.id}", "REFUSED", "CONFLICT"),
    ]


async def test_who_may_only_plan_does_not_approve_and_may_decline(house: ApprovalHouse) -> None:
    member = await house.person(Role.USER, "UMEMBER")
    remediation, shown = await house.told_of()

    refused = await house.press(shown["approve"], by="UMEMBER")
    declined = await house.press(shown["decline"], by="UMEMBER", name="decline")
    await house.tell()

    became, actor = await house.now(remediation), f"user:{member.user.id}"
    assert refused == "Your role in CloudWatcher does not allow this."
    assert declined == "Declined: nothing is done."
    assert (became.state, became.problem) == (S.CANCELLED, "Cancelled. Declined in Slack.")
    assert sorted(await house.audited()) == [
        ("remediation.approve", actor, "REFUSED", "FORBIDDEN"),
        ("remediation.cancel", actor, "DONE", None),
    ]
    assert said(house.site.updated[-1])["Cancelled by"] == member.user.name


async def test_a_role_that_only_looks_does_not_decline(house: ApprovalHouse) -> None:
    await house.person(Role.CLIENT_VIEWER, "UVIEWER")
    remediation, shown = await house.told_of()

    answer = await house.press(shown["decline"], by="UVIEWER", name="decline")

    assert answer == "Your role in CloudWatcher does not allow this."
    assert (await house.now(remediation)).state is S.PLANNED


@pytest.mark.parametrize("name", ["approve", "decline"])
async def test_a_button_of_another_plan_does_nothing(house: ApprovalHouse, name: str) -> None:
    remediation, shown = await house.told_of()
    await house.moved(remediation, S.PLANNED, plan_hash="0" * 64)

    answer = await house.press(shown[name], name=name)

    assert answer is not None
    assert answer.startswith("The plan is another one by now.")
    assert (await house.now(remediation)).state is S.PLANNED


@pytest.mark.parametrize("name", ["approve", "decline"])
@pytest.mark.parametrize("up_to", [None, Risk.LOW])
async def test_an_older_button_is_refused_once_less_counts_in_slack(
    house: ApprovalHouse, name: str, up_to: Risk | None
) -> None:
    remediation, shown = await house.told_of(risk=Risk.MEDIUM)
    await house.set_up(up_to)

    answer = await house.press(shown[name], name=name)

    link = f"/remediations/{global_id('Remediation', remediation.id)}"
    assert answer is not None
    assert answer.startswith("A plan of this risk is not decided in Slack.")
    assert answer.endswith(link)
    assert (await house.now(remediation)).state is S.PLANNED
    assert [entry[2:] for entry in await house.audited()] == [("REFUSED", "FORBIDDEN")]


async def test_a_plan_that_was_cancelled_meanwhile_is_left_alone(house: ApprovalHouse) -> None:
    remediation, shown = await house.told_of()
    await house.backend.writer.commit(
        lambda tx: cancel(tx, remediation, PydanticObjectId(house.asker.user.id), "Not now.", utc_now())
    )

    answers = [await house.press(shown[name], name=name) for name in ("approve", "decline")]

    said_so = "It does not wait for an approval any more: it is cancelled. Nothing was changed."
    assert answers == [said_so, said_so]
    assert (await house.now(remediation)).problem == "Cancelled. Not now."


async def test_after_its_time_nobody_approves(house: ApprovalHouse) -> None:
    remediation, shown = await house.told_of()
    await house.moved(remediation, S.PLANNED, expires_at=utc_now() - timedelta(seconds=1))

    assert await house.press(shown["approve"]) == "The time for an approval is over. Plan it again."
    assert (await house.now(remediation)).state is S.PLANNED


async def test_who_has_not_signed_in_for_long_signs_in_first(house: ApprovalHouse) -> None:
    remediation, shown = await house.told_of()
    person = {"user_id": house.approver.user.id}
    sessions = documents.Session.get_pymongo_collection()
    await sessions.update_many(person, {"$set": {"authenticated_at": utc_now() - timedelta(hours=13)}})
    long_ago = await house.press(shown["approve"])
    await sessions.update_many(person, {"$set": {"authenticated_at": utc_now(), "ended_at": utc_now()}})
    signed_out = await house.press(shown["approve"])
    await make_session(house.approver.user)
    signed_in = await house.press(shown["approve"])

    for answer in (long_ago, signed_out):
        assert answer is not None
        assert answer.startswith("You have not signed in to CloudWatcher within 12 hours.")
    assert signed_in == APPROVED
    assert [entry[3] for entry in await house.audited()] == ["STEP_UP_REQUIRED", "STEP_UP_REQUIRED", None]
    assert (await house.now(remediation)).state is S.APPROVED


async def test_who_has_a_second_factor_has_shown_it(house: ApprovalHouse) -> None:
    _, shown = await house.told_of()
    await documents.User.get_pymongo_collection().update_one(
        {"_id": house.approver.user.id}, {"$set": {"factors": ["TOTP"]}}
    )
    await make_session(house.approver.user, AuthMethod.PASSWORD)
    without = await house.press(shown["approve"])
    await make_session(house.approver.user, AuthMethod.PASSWORD, AuthMethod.TOTP)

    assert without is not None
    assert "with your second factor" in without
    assert await house.press(shown["approve"]) == APPROVED


async def test_two_who_press_at_once_are_each_counted_once(house: ApprovalHouse) -> None:
    second = await house.person(Role.ADMIN, "USECOND")
    third = await house.person(Role.ADMIN, "UTHIRD")
    remediation, shown = await house.told_of(approvals_needed=2)

    pressed = [house.press_alone(shown["approve"], by) for by in ("UAPPROVER", "USECOND", "UAPPROVER", "UTHIRD")]
    answers = await asyncio.gather(*pressed)

    became = await house.now(remediation)
    people = [approval["by"] for approval in became.approvals]
    assert became.state is S.APPROVED
    assert len(people) == len(set(people)) == 2
    assert set(people) <= {str(one.user.id) for one in (house.approver, second, third)}
    assert answers.count(APPROVED) == 1
    assert answers.count("Approved: 1 of 2. It waits for another person.") == 1
