"""A tenant with a connected account, an endpoint for its events, and messages to be received there."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bson import ObjectId

import documents
from app.wiring import Backend
from app.worker import options
from documents.base import utc_now
from documents.intake_endpoint import IntakeEndpoint
from documents.received_event import ReceivedEvent, ReceivedState, store_received
from documents.transaction import Transaction
from domain.facts.intake import IntakeWay
from domain.facts.provider import Provider
from jobs.tasks import process_events as task
from tests.factories.tenant import Tenant, make_tenant

ACCOUNT = "123456789012"
AT = datetime(2026, 6, 15, 12, tzinfo=UTC)
PROVIDERS = {IntakeWay.AWS_SNS: Provider.AWS, IntakeWay.JIRA_WEBHOOK: Provider.JIRA}


@dataclass(frozen=True)
class House:
    """A tenant with a connected account and an endpoint for its events."""

    backend: Backend
    tenant: Tenant
    account: documents.Account
    endpoint: IntakeEndpoint

    @property
    def context(self) -> Any:
        return options(self.backend)["ctx"]

    async def receives(self, *bodies: Any, kind: str = "eventbridge", text: str | None = None) -> None:
        drafts = [
            {
                "event_id": f"{ObjectId()}",
                "kind": kind,
                "body": json.dumps(body) if text is None else text,
                "sent_at": AT,
            }
            for body in bodies
        ]

        async def change(tx: Transaction) -> int:
            return await store_received(tx, self.endpoint, drafts)

        await self.backend.writer.commit(change)

    async def processes(self) -> int:
        return await task.process_events(self.context, org_id=self.tenant.org_id)

    async def alerts(self) -> list[documents.Alert]:
        found = await documents.Alert.list_in(self.tenant.scope, {})
        return sorted(found, key=lambda alert: alert.fingerprint)

    async def states(self) -> list[ReceivedState]:
        found = await ReceivedEvent.list_in(self.tenant.scope, {})
        return [one.state for one in sorted(found, key=lambda one: one.id)]


async def make_house(backend: Backend, *, way: IntakeWay = IntakeWay.AWS_SNS, native_id: str | None = ACCOUNT) -> House:
    tenant = await make_tenant(backend)
    account = await make_account(tenant, native_id, PROVIDERS[way])
    endpoint = IntakeEndpoint(org_id=tenant.organization.id, account_id=account.id, way=way)
    await endpoint.insert()
    return House(backend, tenant, account, endpoint)


async def make_account(tenant: Tenant, native_id: str | None, provider: Provider = Provider.AWS) -> documents.Account:
    account = documents.Account(
        org_id=tenant.organization.id,
        provider=provider,
        native_id=native_id,
        name=f"account {native_id}",
        state=documents.AccountState.CONNECTED,
        next_sync_at=utc_now() + timedelta(days=1),
    )
    return await account.insert()


def called(name: str, service: str, *, account: str = ACCOUNT, at: datetime = AT, **record: Any) -> dict[str, Any]:
    detail = {
        "eventID": str(ObjectId()),
        "eventName": name,
        "eventSource": f"{service}.amazonaws.com",
        "eventTime": at.isoformat(),
        "awsRegion": "us-east-1",
        "userIdentity": {"type": "IAMUser", "userName": "eve", "arn": f"arn:aws:iam::{account}:user/eve"},
        "recipientAccountId": account,
        **record,
    }
    return {"id": detail["eventID"], "detail-type": "AWS API Call via CloudTrail", "account": account, "detail": detail}


def stopped(trail: str = "main", **fields: Any) -> dict[str, Any]:
    return called("StopLogging", "cloudtrail", requestParameters={"name": trail}, **fields)


def alarm(state: str, at: datetime = AT) -> dict[str, Any]:
    return {
        "AlarmArn": f"arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm:cpu",
        "AlarmName": "cpu",
        "AWSAccountId": ACCOUNT,
        "NewStateValue": state,
        "NewStateReason": "Threshold crossed",
        "StateChangeTime": at.isoformat(),
    }
