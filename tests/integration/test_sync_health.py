"""What a sync leaves of itself as the health of its account: over the graph, a real worker and a stand-in AWS."""

import asyncio
from typing import Any

from app.wiring import Backend
from app.worker import work
from tests.factories.backlog import forget_backlog
from tests.factories.graph import Graph
from tests.factories.tenant import Tenant, make_tenant
from tests.integration.test_account_sync import aws, connect, move_away  # noqa: F401 - aws is a fixture
from tests.integration.test_integration_health import ONE


async def health_of(graph: Graph, tenant: Tenant, account_id: str) -> dict[str, Any]:
    """Once the first sync has left it."""
    async with asyncio.timeout(60):
        while True:
            health: dict[str, Any] | None = (await graph.ask(ONE, tenant.token, id=account_id))["integrationHealth"]
            if health is not None:
                return health
            await asyncio.sleep(0.2)


async def test_a_sync_leaves_the_health_of_its_account(
    graph: Graph,
    backend: Backend,
    aws: str,  # noqa: F811 - the fixture
    worker: None,
) -> None:
    tenant = await make_tenant(backend)

    account = await connect(graph, tenant, aws)
    health = await health_of(graph, tenant, account["id"])

    assert (health["state"], health["score"], health["problems"]) == ("HEALTHY", 100, [])
    assert {"ec2", "iam", "s3", "sts"} <= {one["service"] for one in health["services"]}
    assert all(one["calls"] > 0 for one in health["services"])


async def test_an_account_whose_endpoint_is_gone_is_failing_and_says_why(
    graph: Graph,
    backend: Backend,
    aws: str,  # noqa: F811 - the fixture
) -> None:
    tenant, stop = await make_tenant(backend), asyncio.Event()
    account = await connect(graph, tenant, aws)
    await move_away(backend, tenant)

    await forget_backlog(backend)
    working = asyncio.create_task(work(backend, stop))
    health = await health_of(graph, tenant, account["id"])
    stop.set()
    await working

    assert (health["state"], health["score"]) == ("FAILING", 0)
    (problem,) = health["problems"]
    assert problem["service"] == "sts"
    assert problem["kind"] in ("UNANSWERED", "RESTING")
