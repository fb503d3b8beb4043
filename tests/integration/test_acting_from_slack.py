"""Buttons and the command of Slack: as the person who pressed, with their rights, in that organization alone."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import orjson
import pytest
from beanie import PydanticObjectId
from pydantic import SecretStr

import documents
from app.wiring import Backend
from app.worker import options
from auth.notice_action import NoticeAction
from connectors.guard import Guards
from connectors.limits import Limit
from documents import AccountState, AlertSource, AlertState, Role
from documents.account import sealed
from documents.alert import Cause, raise_alert
from documents.base import utc_now
from documents.organization import require_second_factor
from documents.received_event import ReceivedEvent
from domain.facts.credentials import SlackCredentials
from domain.facts.provider import Provider
from domain.facts.severity import Severity
from jobs.context import JobContext
from jobs.incoming import slack
from tests.factories.tenant import Tenant, add_member, make_tenant
from tests.fakes.scripted import Answered
from tests.fakes.slack_site import SlackSite, slack_site

STRANGER = "CloudWatcher does not know you in this organization."
TOO_OLD = "This button does not work any more. Open CloudWatcher, and decide there."


@dataclass
class SlackHouse:
    """A tenant with a connected workspace, an open alert, and one member in it as U1."""

    backend: Backend
    tenant: Tenant
    account: documents.Account
    site: SlackSite

    @property
    def context(self) -> JobContext:
        context: JobContext = options(self.backend)["ctx"]["context"]
        return replace(context, guards=Guards(limits=lambda *_: Limit(attempts=1, failures=0)))

    async def alert(self) -> documents.Alert:
        found = await documents.Alert.find_in(self.tenant.scope, {"fingerprint": "a"})
        assert found is not None
        return found

    async def value(self, name: str, *, org_id: str | None = None, age: timedelta = timedelta()) -> str:
        action = NoticeAction(name, f"alert:{(await self.alert()).id}", org_id or self.tenant.org_id)
        return self.context.actions.seal(action, utc_now() - age)

    async def press(self, name: str, by: str = "U1", **more: Any) -> str | None:
        """What the presser is answered."""
        pressed = {"action_id": more.pop("action_id", name), "value": more.pop("value", None) or await self.value(name)}
        return await self.told({"type": "block_actions", "user": {"id": by}, "actions": [pressed], **more})

    async def type(self, text: str, by: str = "U1") -> str | None:
        return await self.told({"command": "/cloudwatcher", "text": text, "user_id": by})

    async def told(self, body: dict[str, Any], *, org_id: Any = None) -> str | None:
        body = {"response_url": self.site.response_url, **body}
        received = ReceivedEvent(
            org_id=org_id or self.tenant.organization.id,
            endpoint_id=PydanticObjectId(),
            account_id=self.account.id,
            provider=Provider.SLACK,
            event_id="e",
            kind="interaction",
            body=orjson.dumps(body).decode(),
            received_at=utc_now(),
        )
        before = len(self.site.answers)
        await slack.handle(self.context, received, body)
        answers = self.site.answers[before:]
        return answers[0]["text"] if answers else None

    async def audited(self) -> list[documents.AuditEntry]:
        return await documents.AuditEntry.list_in(self.tenant.scope, {"user_agent": "Slack"})


@pytest.fixture
async def house(backend: Backend) -> AsyncIterator[SlackHouse]:
    tenant = await make_tenant(backend, role=Role.USER)
    with slack_site() as site:
        credentials = SlackCredentials(token=SecretStr("not-a-real-token-of-slack"), endpoint_url=site.url)
        secret = orjson.dumps(credentials.revealed()).decode()
        account = documents.Account(
            org_id=tenant.organization.id,
            provider=Provider.SLACK,
            native_id="T1",
            name="Chat",
            state=AccountState.CONNECTED,
            credentials=sealed(await backend.vault.seal(tenant.org_id, secret)),
        )
        await account.insert()
        cause = Cause("a", AlertSource.FINDING, Severity.HIGH, "Open <bucket>", "m")
        await backend.writer.commit(lambda tx: raise_alert(tx, tenant.organization.id, cause, utc_now()))
        site.knows("U1", tenant.user.email.upper())
        yield SlackHouse(backend, tenant, account, site)


async def test_acknowledge_takes_the_alert_on_as_the_person_who_pressed_it(house: SlackHouse) -> None:
    answer = await house.press("acknowledge")

    assert answer == "Acknowledged: you have taken this alert on."
    assert (await house.alert()).state is AlertState.ACKNOWLEDGED
    assert [(one.action, one.actor) for one in await house.audited()] == [
        ("alert.acknowledge", f"user:{house.tenant.user.id}")
    ]
    assert house.site.answers[0] == {"response_type": "ephemeral", "replace_original": False, "text": answer}


async def test_pressed_or_told_of_twice_it_says_that_it_is_done(house: SlackHouse) -> None:
    await house.press("acknowledge")

    assert await house.press("acknowledge") == "Nothing to do: this alert is acknowledged already."
    assert len(await house.audited()) == 1


@pytest.mark.parametrize(
    ("button", "hours"), [("snooze", 1), ("snooze_1h", 1), ("snooze_4h", 4), ("snooze_1d", 24), ("snooze_9y", 1)]
)
async def test_snooze_puts_the_alert_away_for_the_time_of_its_button(
    house: SlackHouse, button: str, hours: int
) -> None:
    before = utc_now()

    answer = await house.press("snooze", action_id=button)

    alert = await house.alert()
    assert alert.state is AlertState.SNOOZED
    assert alert.snoozed_until is not None
    assert timedelta(0) <= alert.snoozed_until - before - timedelta(hours=hours) < timedelta(minutes=1)
    assert answer == f"Snoozed until {alert.snoozed_until:%Y-%m-%d %H:%M} UTC."


@pytest.mark.parametrize("name", ["approve", "decline", "resolve"])
async def test_a_button_that_stands_for_no_alert_does_nothing_to_one(house: SlackHouse, name: str) -> None:
    assert await house.press(name) == "CloudWatcher does not know this button."
    assert (await house.alert()).state is AlertState.OPEN


async def test_a_menu_carries_its_value_in_the_option(house: SlackHouse) -> None:
    chosen = {"action_id": "snooze_4h", "selected_option": {"value": await house.value("snooze")}}

    answer = await house.told({"type": "block_actions", "user": {"id": "U1"}, "actions": [chosen]})

    assert answer is not None
    assert answer.startswith("Snoozed until")


async def test_made_up_old_and_foreign_buttons_do_nothing(house: SlackHouse) -> None:
    for value in (
        "made up",
        await house.value("acknowledge", age=timedelta(days=8)),
        await house.value("acknowledge", org_id="0" * 24),
    ):
        assert await house.press("acknowledge", value=value) == TOO_OLD

    assert (await house.alert()).state is AlertState.OPEN


async def test_a_button_of_one_organization_pressed_at_the_endpoint_of_another_does_nothing(
    house: SlackHouse, backend: Backend
) -> None:
    other = await make_tenant(backend)
    pressed = {"action_id": "acknowledge", "value": await house.value("acknowledge")}

    answer = await house.told(
        {"type": "block_actions", "user": {"id": "U1"}, "actions": [pressed]}, org_id=other.organization.id
    )

    assert answer == TOO_OLD
    assert (await house.alert()).state is AlertState.OPEN


@pytest.mark.parametrize(
    "more",
    [
        {"deleted": True},
        {"is_bot": True},
        {"is_restricted": True},
        {"is_stranger": True},
        {"is_email_confirmed": False},
    ],
    ids=str,
)
async def test_guests_bots_and_unconfirmed_addresses_are_strangers(house: SlackHouse, more: dict[str, Any]) -> None:
    house.site.knows("U1", house.tenant.user.email, **more)

    answer = await house.press("acknowledge")

    assert answer is not None
    assert answer.startswith(STRANGER)
    assert (await house.alert()).state is AlertState.OPEN


async def test_who_is_no_member_is_told_so(house: SlackHouse, backend: Backend) -> None:
    other = await make_tenant(backend)
    house.site.knows("U2", other.user.email)
    house.site.knows("U3", "nobody@example.com")

    for id in ("U2", "U3"):
        answer = await house.press("acknowledge", by=id)
        assert answer is not None
        assert answer.startswith(STRANGER)
    assert (await house.alert()).state is AlertState.OPEN


async def test_who_may_only_look_is_refused_and_that_is_written_down(house: SlackHouse, backend: Backend) -> None:
    viewer = await add_member(backend, house.tenant.organization, Role.CLIENT_VIEWER)
    house.site.knows("U4", viewer.user.email)

    answer = await house.press("acknowledge", by="U4")

    assert answer == "Your role in CloudWatcher does not allow this."
    (entry,) = await house.audited()
    assert (entry.actor, entry.outcome, entry.reason) == (f"user:{viewer.user.id}", "REFUSED", "FORBIDDEN")
    assert (await house.alert()).state is AlertState.OPEN


async def test_an_organization_that_asks_for_a_second_factor_is_not_entered_from_slack(house: SlackHouse) -> None:
    async with house.backend.client.start_session() as session:
        await require_second_factor(house.tenant.org_id, True, session)

    answer = await house.press("acknowledge")

    assert answer is not None
    assert answer.startswith("This organization requires a second factor")
    assert (await house.alert()).state is AlertState.OPEN


async def test_who_has_left_holds_nothing(house: SlackHouse) -> None:
    await documents.User.get_pymongo_collection().update_one(
        {"_id": house.tenant.user.id}, {"$set": {"deactivated_at": utc_now()}}
    )

    answer = await house.press("acknowledge")

    assert answer is not None
    assert answer.startswith(STRANGER)


async def test_a_workspace_that_is_not_connected_or_does_not_answer_is_told_of(house: SlackHouse) -> None:
    house.site.refuses = Answered({"ok": False, "error": "ratelimited"}, 429)
    busy = await house.press("acknowledge")
    await documents.Account.rows().update_one({"_id": house.account.id}, {"$set": {"state": "DISCONNECTED"}})
    gone = await house.type("status")

    assert busy == "Slack did not tell CloudWatcher who you are. Try again in a moment."
    assert gone is not None
    assert "the Slack workspace is not connected" in gone


async def test_links_and_other_interactions_get_no_answer(house: SlackHouse) -> None:
    assert await house.press("open") is None
    assert await house.told({"type": "view_submission", "user": {"id": "U1"}}) is None


async def test_an_answer_that_slack_does_not_take_any_more_changes_nothing(house: SlackHouse) -> None:
    house.site.takes_answers = 404

    await house.press("acknowledge")

    assert (await house.alert()).state is AlertState.ACKNOWLEDGED


async def test_status_tells_what_stands_and_what_is_not_judged(house: SlackHouse) -> None:
    assert await house.type("status") == (
        "Open alerts: 1 open: 1 high.\n"
        "Costs: Nothing billed yet.\n"
        "Integrations: All 1 work.\n"
        "Compliance: Not judged yet: no controls are evaluated so far."
    )


async def test_alerts_are_listed_as_text_that_slack_does_not_take_for_markup(house: SlackHouse) -> None:
    assert await house.type("alerts") == "HIGH: Open &lt;bucket&gt;"
    await house.press("acknowledge")
    assert await house.type("alerts") == "No open alerts."


async def test_costs_are_told_alone(house: SlackHouse) -> None:
    assert await house.type("COSTS") == "Costs: Nothing billed yet."


@pytest.mark.parametrize("text", ["", "help", "what is this"])
async def test_words_that_are_not_known_get_help(house: SlackHouse, text: str) -> None:
    answer = await house.type(text)

    assert answer is not None
    assert answer.startswith("/cloudwatcher status:")


async def test_the_command_tells_strangers_nothing(house: SlackHouse, backend: Backend) -> None:
    other = await make_tenant(backend)
    house.site.knows("U2", other.user.email)

    for word in ("status", "alerts", "costs", "help"):
        answer = await house.type(word, by="U2")
        assert answer is not None
        assert answer.startswith(STRANGER)


async def test_a_role_of_ones_own_is_told_what_it_may_see_and_no_more(house: SlackHouse, backend: Backend) -> None:
    member = await add_member(backend, house.tenant.organization, Role.USER)
    role = documents.CustomRole(org_id=house.tenant.organization.id, name="costs only", permissions=["costs:read"])
    await role.insert()
    await documents.Membership.rows().update_one({"user_id": member.user.id}, {"$set": {"custom_role_id": role.id}})
    house.site.knows("U5", member.user.email)

    assert await house.type("status", by="U5") == "Costs: Nothing billed yet."
    assert await house.type("alerts", by="U5") == "Your role in CloudWatcher does not allow this."
