"""Google Cloud as the registry finds it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

from connectors.clouds.gcp import (
    access,
    acting,
    allowed,
    billing,
    compute,
    data,
    identity,
    recommender,
    running,
    source,
    watching,
)
from connectors.reading.source import Member, Reach, Registration, Source, actions
from connectors.rest.client import open_http, translate
from domain.endpoint import check_endpoint
from domain.facts.credentials import GcpCredentials
from domain.facts.provider import Provider


@asynccontextmanager
async def open_gcp(credentials: GcpCredentials, reach: Reach) -> AsyncIterator[source.GcpSource]:
    """Raises Invalid for a key that is none, and for an endpoint that may not be used."""
    if credentials.endpoint_url is not None:
        check_endpoint(credentials.endpoint_url, reach.allow_private_endpoint)
    key = await asyncio.to_thread(access.parse_key, credentials.service_account_key)
    async with open_http(reach.allow_private_endpoint) as http:
        opened = source.GcpSource(http, reach.guard(translate), credentials, key, reach.now)
        try:
            yield opened
        finally:
            opened.close()


async def fetch_members(opened: Source, credentials: GcpCredentials) -> tuple[Member, ...]:
    """The other projects in use that the same key reads. Raises ProviderError."""
    return tuple(
        Member(
            native_id=project["projectId"],
            name=project.get("displayName") or project["projectId"],
            credentials=credentials.model_copy(update={"project_id": project["projectId"]}),
        )
        for project in await cast(source.GcpSource, opened).projects()
        if project.get("state") == "ACTIVE" and project["projectId"] != credentials.project_id
    )


REGISTRATION = Registration(
    provider=Provider.GCP,
    credentials=GcpCredentials,
    listings=(
        *identity.LISTINGS,
        *compute.LISTINGS,
        *data.LISTINGS,
        *running.LISTINGS,
        *watching.LISTINGS,
        *billing.LISTINGS,
        *recommender.LISTINGS,
    ),
    identity_operation=identity.PROJECT,
    open=open_gcp,
    members=fetch_members,
    action=actions(*acting.ACTIONS),
    missing=allowed.missing,
)
