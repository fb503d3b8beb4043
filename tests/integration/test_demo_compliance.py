"""The demo's frameworks are switched on once, and what was chosen since is left alone."""

from app.cli.client import GraphClient
from app.demo.compliance_setup import FRAMEWORKS, set_up_compliance
from app.demo.words import CONTROLS
from app.wiring import Backend
from tests.factories.graph import Graph
from tests.factories.tenant import make_tenant

STANDING = "{ complianceSettings { version adopted } }"
NONE_LEFT = """mutation { changeComplianceSettings(input: {frameworks: []}) {
  ... on ChangeComplianceSettingsSuccess { settings { version adopted } } ... on UserError { message } } }"""


async def test_the_frameworks_of_the_demo_are_switched_on_once(backend: Backend, graph: Graph, address: str) -> None:
    tenant, client = await make_tenant(backend), GraphClient(address)

    await set_up_compliance(client, tenant.token)
    first = await graph.ask(STANDING, tenant.token)
    await graph.ask(NONE_LEFT, tenant.token)
    await set_up_compliance(client, tenant.token)

    assert set(first["complianceSettings"]["adopted"]) == set(FRAMEWORKS)
    assert (await graph.ask(STANDING, tenant.token))["complianceSettings"]["adopted"] == []


async def test_what_the_demo_offers_to_ask_of_controls_is_answered(backend: Backend, graph: Graph) -> None:
    tenant = await make_tenant(backend)

    answer = await graph.ask(CONTROLS, tenant.token)

    assert answer["checks"]["nodes"] == []
    assert answer["soc2"]["assessedRatio"] == answer["pci"]["assessedRatio"] == 0
