"""What CloudWatcher says in a Slack workspace, and what others change there, with what the controls say of it.

Messages are sent by the job that sends them and taken by the stand-in. What the controls compare with stands in the
database: failing controls, the register of vendors.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NamedTuple

from pydantic import SecretStr

import documents
from documents.alert import AlertSource
from documents.base import utc_now
from documents.vendor import HeldApp
from domain.compliance.naming import fingerprint_of
from domain.facts.channel import ChannelKind
from domain.facts.channel_settings import SlackBotSettings
from domain.facts.compliance import CheckStatus, Integration, Verdict
from domain.facts.notice import NoticeKind
from domain.facts.severity import Severity
from tests.factories.notices import make_notice
from tests.fakes.slack_workspace import SlackWorkspace
from tests.integration.channel_house import House

PASS, WARNING, FAIL = Verdict.PASS, Verdict.WARNING, Verdict.FAIL
CRITICAL, APP = "CW-IAM-01", "A2345678901"
HOUR = timedelta(hours=1)
RAISED, RESOLVED, STATUS = NoticeKind.RAISED, NoticeKind.RESOLVED, NoticeKind.STATUS


@dataclass
class Told:
    """A workspace whose one channel is #alerts, and an organization that tells it what happens."""

    house: House
    slack: SlackWorkspace
    sent: list[str] = field(default_factory=list)

    async def say(self, kind: NoticeKind, subject: str, channel: str = "#alerts", times: int = 1) -> None:
        """What the job makes of it goes into `sent`; it is tried so many times, an hour apart."""
        settings = SlackBotSettings(token=SecretStr("xoxb-hush-hush"), channel=channel, endpoint_url=self.slack.url)
        made = await self.house.channel(settings, ChannelKind.SLACK_BOT)
        delivery = await self.house.ask(made, make_notice(kind, subject=subject), f"{kind} of {subject} in {channel}")
        for _ in range(times):
            self.sent.append(await self.house.run(delivery))
            self.house.later(HOUR if times > 1 else timedelta())

    async def failing(self, since: timedelta = timedelta()) -> str:
        """A critical control fails for so long; gives what a message about it is about."""
        alert = documents.Alert(
            org_id=self.house.org_id,
            fingerprint=fingerprint_of(CRITICAL, Integration.AWS, None),
            source=AlertSource.CHECK,
            severity=Severity.CRITICAL,
            title="title",
            message="message",
            raised_at=utc_now() - since,
        )
        await alert.insert()
        await documents.ControlState(
            org_id=self.house.org_id, control_id=CRITICAL, status=CheckStatus.FAIL, since=alert.raised_at
        ).insert()
        return f"alert:{alert.id}"

    async def register(self, *apps: str) -> None:
        """A vendor on the register who may have these apps in Slack."""
        held = [HeldApp(integration=Integration.SLACK, app=app) for app in apps]
        by = {"changed_at": utc_now(), "changed_by": f"user:{self.house.tenant.user.id}"}
        await documents.Vendor(org_id=self.house.org_id, name="Example vendor", tier=1, apps=held, **by).insert()

    def added(self, days: float, kind: str = "added") -> None:
        """What was changed of an app so many days ago, as Slack's log of integrations tells it."""
        date = str(int((self.house.now() - timedelta(days=days)).timestamp()))
        by = {"user_id": "U061F7AUR", "user_name": "ann", "scope": "chat:write,channels:read"}
        self.slack.logs.append({"app_id": APP, "app_type": "Example app", "date": date, "change_type": kind, **by})


class Changed(NamedTuple):
    """`make` is the change; the control must then say `verdict` of `resource`, for what it has `observed`.

    Of both only the beginning is named where a time of day follows. It is judged `later`.
    """

    control: str
    verdict: Verdict
    make: Callable[[Told], Awaitable[Any]]
    resource: str
    observed: str
    later: timedelta = timedelta()


async def resolved(told: Told) -> None:
    await told.say(RESOLVED, await told.failing())


async def resolved_in_no_channel(told: Told) -> None:
    await told.say(RESOLVED, await told.failing(), channel="#gone")


async def posted(told: Told) -> None:
    await told.say(RAISED, await told.failing())


async def posted_at_the_second_attempt(told: Told) -> None:
    subject = await told.failing()
    told.slack.refuse_once("chat.postMessage", "ratelimited")
    await told.say(RAISED, subject, times=2)


async def not_posted_yet(told: Told) -> None:
    await told.failing()


async def never_posted(told: Told) -> None:
    await told.failing(since=2 * HOUR)


async def beaten(told: Told) -> None:
    await told.say(STATUS, "status")


async def beaten_by_id(told: Told) -> None:
    await told.say(STATUS, "status", channel=told.slack.channels[0]["id"])


async def beaten_before_it_was_archived(told: Told) -> None:
    await beaten(told)
    told.slack.archive(told.slack.channels[0]["id"])


async def refused(told: Told) -> None:
    await told.say(STATUS, "status", channel="#gone")


async def silence(told: Told) -> None:
    """Nothing is said."""


async def approved(told: Told) -> None:
    await told.register(APP)
    told.added(30)


async def removed(told: Told) -> None:
    await told.register("A1")
    told.added(30)
    told.added(1, "removed")


def unapproved(days: float) -> Callable[[Told], Awaitable[None]]:
    async def make(told: Told) -> None:
        await told.register("A1")
        told.added(days)

    return make


GONE = "Slack answered channel_not_found. There is no such channel, or the bot is not in it: invite it."
CHANNEL = "C00000000"
TS = f"{CHANNEL}:1503435956.000001"
CHANGES = (
    Changed("CW-GOV-04", PASS, resolved, f"{CRITICAL} at ", "announced"),
    Changed("CW-GOV-04", FAIL, resolved_in_no_channel, f"{CRITICAL} at ", f"refused: {GONE}"),
    Changed("CW-INC-01", PASS, posted, CRITICAL, f"{TS} in #alerts, attempts: 1"),
    Changed("CW-INC-01", PASS, not_posted_yet, CRITICAL, "fails since "),
    Changed("CW-INC-01", WARNING, posted_at_the_second_attempt, CRITICAL, f"{TS} in #alerts, attempts: 2"),
    Changed("CW-INC-01", FAIL, never_posted, CRITICAL, "fails since "),
    Changed("CW-LOG-05", PASS, beaten, "token", "valid"),
    Changed("CW-LOG-05", PASS, beaten, "#alerts", "takes messages"),
    Changed("CW-LOG-05", PASS, beaten_by_id, CHANNEL, "takes messages"),
    Changed("CW-LOG-05", PASS, beaten, "heartbeat", "posted 23 hours ago", 23 * HOUR),
    Changed("CW-LOG-05", WARNING, beaten, "heartbeat", "posted 30 hours ago", 30 * HOUR),
    Changed("CW-LOG-05", FAIL, beaten, "heartbeat", "posted 50 hours ago", 50 * HOUR),
    Changed("CW-LOG-05", FAIL, silence, "heartbeat", "never posted"),
    Changed("CW-LOG-05", FAIL, beaten_before_it_was_archived, "#alerts", "archived"),
    Changed("CW-LOG-05", FAIL, refused, "#gone", f"refused the last message: {GONE}"),
    Changed("CW-VEN-01", PASS, approved, APP, "on the register of vendors"),
    Changed("CW-VEN-01", PASS, removed, APP, "removed"),
    Changed("CW-VEN-01", WARNING, unapproved(3), APP, "not on the register, since "),
    Changed("CW-VEN-01", FAIL, unapproved(30), APP, "not on the register, since "),
)
