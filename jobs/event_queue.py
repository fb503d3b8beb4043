"""Opens the queue of an endpoint that events are fetched from, with the credentials of its account."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson

from connectors import registry
from connectors.intake import pubsub, sqs
from connectors.intake.pulled import Queue
from connectors.intake.receiver import Endpoint, Surroundings
from connectors.reading.source import Reach
from documents.account import Account, connected_native_ids
from documents.intake_endpoint import IntakeEndpoint
from domain.errors import Invalid
from domain.facts.intake import IntakeWay
from domain.facts.intake_settings import SETTINGS_OF
from jobs.context import JobContext
from jobs.opened_secret import opened_secret


@asynccontextmanager
async def opened(context: JobContext, endpoint: IntakeEndpoint, account: Account) -> AsyncIterator[Queue]:
    """Raises Invalid for settings that name no queue of a connected account, ProviderError when we are not let in."""
    registration = await asyncio.to_thread(registry.registration_of, endpoint.way.provider)
    if registration is None:
        raise Invalid(f"CloudWatcher has no connector for {endpoint.way.provider.value}.")
    secret = await opened_secret(context.vault, account.credentials or b"")
    credentials = registration.credentials.model_validate(orjson.loads(secret))
    guard = context.guards.of(account.provider, str(account.id))
    reach = Reach(guard=guard, allow_private_endpoint=context.allow_private_endpoints, now=context.now)
    known = await _known(endpoint, account)
    if endpoint.way is IntakeWay.AWS_SQS:
        around = Surroundings(
            now=context.now(), allow_private=context.allow_private_endpoints, authorities=context.authorities
        )
        async with sqs.open_queue(credentials, reach, known, around) as queue:  # type: ignore[arg-type]  # of AWS
            yield queue
    else:
        async with pubsub.open_queue(credentials, reach, known) as subscription:  # type: ignore[arg-type]  # of GCP
            yield subscription


async def _known(endpoint: IntakeEndpoint, account: Account) -> Endpoint:
    return Endpoint(
        id=str(endpoint.id),
        way=endpoint.way,
        settings=SETTINGS_OF[endpoint.way].model_validate(endpoint.settings),
        secret=None,
        accounts=await connected_native_ids(endpoint.org_id, account.provider),
    )
