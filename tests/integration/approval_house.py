"""Plans that wait for an approval, a Slack channel that is told of them, and people there who press buttons.

Messages go through the outbox and the sender of the channel; presses come signed over HTTP, and a worker reads them.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count
from typing import Any

import httpx2
import orjson
from beanie import PydanticObjectId
from pydantic import SecretStr

import documents
from app.wiring import Backend
from app.worker import options
from connectors.guard import Guards
from connectors.limits import Limit
from documents import AccountState, Role
from documents.account import sealed
from documents.base import utc_now
from documents.remediation import add_remediation, announce_remediation, move
from documents.remediation_settings import change_settings
from documents.transaction import Transaction
from domain.facts.channel import ChannelKind, ChannelState, DeliveryState
from domain.facts.channel_settings import SlackBotSettings
from domain.facts.credentials import SlackCredentials
from domain.facts.finding import FindingCategory, Risk
from domain.facts.intake import IntakeWay
from domain.facts.provider import Provider
from domain.facts.remediation import RemediationState
from domain.remediation.approval import ApprovalPolicy
from jobs.context import JobContext
from jobs.incoming import slack
from jobs.tasks.deliver import deliver
from jobs.tasks.dispatch_events import dispatch_events
from jobs.tasks.process_events import process_events
from tests.factories.event_endpoint import path_of, send
from tests.factories.remediations import plan_of
from tests.factories.tenant import Tenant, add_member, make_tenant
from tests.fakes.genuine import SECRET, slack_request
from tests.fakes.slack_site import SlackSite, slack_site

TEAM = "T0001"
numbers = count()


@dataclass
class ApprovalHouse:
    """`asker` has plans made and is UASKER in Slack; `approver` may approve and is UAPPROVER there."""

    backend: Backend
    http: httpx2.AsyncClient
    site: SlackSite
    asker: Tenant
    approver: Tenant
    account: documents.Account
    endpoint: documents.IntakeEndpoint
    channel: documents.Channel

    @property
    def context(self) -> JobContext:
        context: JobContext = options(self.backend)["ctx"]["context"]
        return replace(context, guards=Guards(limits=lambda *_: Limit(attempts=1, failures=0)))

    async def person(self, role: Role, slack_id: str) -> Tenant:
        """Another member, with an id in Slack."""
        member = await add_member(self.backend, self.asker.organization, role)
        self.site.knows(slack_id, member.user.email)
        return member

    async def set_up(self, up_to: Risk | None = Risk.MEDIUM, **fields: Any) -> None:
        """Choose what counts in Slack."""
        policy = ApprovalPolicy(chat_approvals_up_to=up_to, **fields).model_dump(mode="json")
        await change_settings(self.asker.organization.id, None, policy=policy, approval_channel_ids=[self.channel.id])

    async def plan(self, **fields: Any) -> documents.Remediation:
        """A plan that waits, announced as a worker does it."""
        native_id = f"vol-{next(numbers):017d}"
        made = plan_of(native_id).model_copy(update={"says": "Changes the volume to gp3.", "reason": "gp2 costs more."})
        remediation = documents.Remediation(
            **{
                "org_id": self.asker.organization.id,
                "account_id": self.account.id,
                "finding_id": PydanticObjectId(),
                "resource_id": PydanticObjectId(),
                "resource_native_id": native_id,
                "resource_name": "spare",
                "rule_id": made.rule_id,
                "category": FindingCategory.FINOPS,
                "risk": Risk.LOW,
                "state": RemediationState.PLANNED,
                "requested_by": self.asker.user.id,
                "reason": "Paid for in vain.",
                "plan": made.model_dump(mode="json"),
                "plan_hash": made.hash,
                "missing": [],
                "expires_at": utc_now() + timedelta(days=1),
                **fields,
            }
        )

        async def change(tx: Transaction) -> None:
            await add_remediation(remediation, tx.session)
            announce_remediation(tx, remediation)

        await self.backend.writer.commit(change)
        return remediation

    async def dispatch(self) -> None:
        """What has happened is taken to what follows from it."""
        await dispatch_events({"context": self.context}, org_id=self.asker.org_id)

    async def tell(self) -> None:
        """All that is to be told now is told."""
        await self.dispatch()
        waiting = {"org_id": self.asker.organization.id, "state": DeliveryState.WAITING.value}
        for raw in await documents.Delivery.rows().find(waiting).sort("_id").to_list():
            await deliver({"context": self.context}, org_id=self.asker.org_id, delivery_id=str(raw["_id"]))

    async def deliveries(self) -> list[tuple[str, str, str]]:
        """(kind, title, state) in the order of asking."""
        rows = documents.Delivery.rows().find({"org_id": self.asker.organization.id}).sort("_id")
        return [(raw["kind"], raw["title"], raw["state"]) async for raw in rows]

    async def told_of(self, **fields: Any) -> tuple[documents.Remediation, dict[str, str]]:
        """A plan that Slack was told of, and the values of the buttons there."""
        remediation = await self.plan(**fields)
        await self.tell()
        return remediation, buttons(self.site.posted[-1])

    async def press(self, value: str, by: str = "UAPPROVER", secret: str = SECRET, name: str = "approve") -> str | None:
        """What the presser is answered, once the press came in over HTTP and a worker read it; None when refused."""
        answers = len(self.site.answers)
        request = slack_request(self._pressed(name, value, by), secret, utc_now())
        answer = await send(self.http, path_of(self.endpoint), request)
        if answer.status_code != 200:
            return None
        await process_events({"context": self.context}, org_id=self.asker.org_id)
        (told,) = self.site.answers[answers:]
        return str(told["text"])

    async def press_alone(self, value: str, by: str) -> str:
        """What is answered to a press that a worker of its own reads, beside others."""
        body = orjson.loads(self._pressed("approve", value, by)["payload"])
        received = documents.ReceivedEvent(
            org_id=self.asker.organization.id,
            endpoint_id=self.endpoint.id,
            account_id=self.account.id,
            provider=Provider.SLACK,
            event_id=body["trigger_id"],
            kind="interaction",
            body="",
            received_at=utc_now(),
        )
        answers = f"{self.site.response_url}/{body['trigger_id']}"
        await slack.handle(self.context, received, body | {"response_url": answers})
        return self.site.answered_at(answers)

    def _pressed(self, name: str, value: str, by: str) -> dict[str, str]:
        payload = {
            "type": "block_actions",
            "team": {"id": TEAM},
            "user": {"id": by},
            "trigger_id": f"{next(numbers)}.2.abc",
            "response_url": self.site.response_url,
            "actions": [{"action_id": name, "value": value}],
        }
        return {"payload": orjson.dumps(payload).decode()}

    async def moved(self, remediation: documents.Remediation, to: RemediationState, **fields: Any) -> None:
        """Have it moved on by somebody else."""

        async def change(tx: Transaction) -> None:
            moved = await move(remediation, tx.session, among=frozenset({remediation.state}), to=to, **fields)
            assert moved is not None
            announce_remediation(tx, moved)

        await self.backend.writer.commit(change)

    async def now(self, remediation: documents.Remediation) -> documents.Remediation:
        """It as it is by now."""
        return await documents.Remediation.get_in(self.asker.scope, str(remediation.id))

    async def audited(self) -> list[tuple[str, str, str, str | None]]:
        """(action, actor, outcome, reason) of what was done from Slack."""
        rows = await documents.AuditEntry.list_in(self.asker.scope, {"user_agent": "Slack"})
        return [(one.action, one.actor, one.outcome.value, one.reason) for one in rows]


def buttons(message: dict[str, Any]) -> dict[str, str]:
    """Name to value of the buttons of a message; the value of a link is its address."""
    elements = [one for block in message["blocks"] if block["type"] == "actions" for one in block["elements"]]
    return {one["action_id"]: one.get("value") or one["url"] for one in elements}


def said(message: dict[str, Any]) -> dict[str, str]:
    """Label to text of its lines."""
    fields = [one["text"] for block in message["blocks"] for one in block.get("fields", ())]
    return {label.strip("*"): text for label, _, text in (one.partition("\n") for one in fields)}


async def open_house(
    backend: Backend, http: httpx2.AsyncClient, site: SlackSite, asker: Tenant, approver: Tenant
) -> ApprovalHouse:
    """Slack is connected, with an endpoint for presses and a channel of a bot; nothing is chosen yet."""
    org_id = asker.organization.id
    credentials = SlackCredentials(token=SecretStr("not-a-real-token-of-slack"), endpoint_url=site.url)
    account = documents.Account(
        org_id=org_id,
        provider=Provider.SLACK,
        native_id=TEAM,
        name="Chat",
        state=AccountState.CONNECTED,
        credentials=sealed(await backend.vault.seal(asker.org_id, orjson.dumps(credentials.revealed()).decode())),
        next_sync_at=utc_now() + timedelta(days=365),
    )
    await account.insert()
    endpoint = documents.IntakeEndpoint(
        org_id=org_id,
        account_id=account.id,
        way=IntakeWay.SLACK_INTERACTION,
        settings={"team_id": TEAM},
        secret=sealed(await backend.vault.seal(asker.org_id, SECRET)),
    )
    await endpoint.insert()
    bot = SlackBotSettings(token=SecretStr("xoxb-checked"), channel="C12345678", endpoint_url=site.url)
    channel = documents.Channel(
        org_id=org_id,
        name="approvals",
        kind=ChannelKind.SLACK_BOT,
        shown=bot.shown,
        settings=sealed(await backend.vault.seal(asker.org_id, orjson.dumps(bot.revealed()).decode())),
        state=ChannelState.VERIFIED,
    )
    await channel.insert()
    site.knows("UASKER", asker.user.email)
    site.knows("UAPPROVER", approver.user.email)
    return ApprovalHouse(backend, http, site, asker, approver, account, endpoint, channel)


@asynccontextmanager
async def ready_house(backend: Backend, address: str) -> AsyncIterator[ApprovalHouse]:
    """A fresh organization with two administrators, where presses count up to medium risk."""
    with slack_site() as site:
        async with httpx2.AsyncClient(base_url=address, timeout=30) as http:
            asker = await make_tenant(backend)
            approver = await add_member(backend, asker.organization, Role.ADMIN)
            house = await open_house(backend, http, site, asker, approver)
            await house.set_up(Risk.MEDIUM)
            yield house
