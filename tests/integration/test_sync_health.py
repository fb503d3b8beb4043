"""What a sync leaves of itself as the health of its account: over the graph, a real worker and a stand-in AWS."""

import asyncio

from app.wiring import Backend
from tests.factories.graph import Graph
from tests.factories.tenant import make_tenant
from tests.integration.test_account_sync import aws, connect, ended_sync  # noqa: F401 - aws is a fixture
from tests.integration.test_integration_health import ONE


async def test_a_sync_leaves_the_health_of_its_account(
    graph: Graph,
    backend: Backend,
    aws: str,  # noqa: F811 - the fixture
    worker: None,
) -> None:
    tenant = await make_tenant(backend)

    account = await connect(graph, tenant, aws)
    await ended_sync(graph, tenant, account["id"])
    health = (await graph.ask(ONE, tenant.token, id=account["id"]))["integrationHealth"]

    assert (health["state"], health["score"], health["problems"]) == ("HEALTHY", 100, [])
    assert {"ec2", "iam", "s3", "sts"} <= {one["service"] for one in health["services"]}
    assert all(one["calls"] > 0 for one in health["services"])


async def test_an_account_whose_endpoint_is_gone_is_failing_and_says_why(
    graph: Graph, backend: Backend, worker: None, unused_tcp_port: int
) -> None:
    tenant = await make_tenant(backend)

    account = await connect(graph, tenant, f"http://127.0.0.1:{unused_tcp_port}")
    for _ in range(300):
        health = (await graph.ask(ONE, tenant.token, id=account["id"]))["integrationHealth"]
        if health:
            break
        await asyncio.sleep(0.1)

    assert (health["state"], health["score"]) == ("FAILING", 0)
    (problem,) = health["problems"]
    assert problem["service"] == "sts"
    assert problem["kind"] in ("UNANSWERED", "RESTING")
