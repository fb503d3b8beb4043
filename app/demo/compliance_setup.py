"""What Client One must hold to: two frameworks, switched on once; whoever changes that later has the last word."""

from app.cli.client import GraphClient
from domain.errors import CloudWatcherError

FRAMEWORKS = ("soc2_tsc_2017", "pci_dss_4_0_1")
STANDING = "query DemoCompliance { complianceSettings { version adopted } }"
SWITCH_ON = """
mutation DemoSwitchOn($input: ChangeComplianceSettingsInput!) {
  changeComplianceSettings(input: $input) {
    ... on ChangeComplianceSettingsSuccess { settings { adopted } }
    ... on UserError { message }
  }
}
"""


async def set_up_compliance(graph: GraphClient, token: str) -> None:
    """Switch the frameworks on, unless an earlier start has. Raises CloudWatcherError."""
    standing = (await graph.ask(STANDING, {}, token))["complianceSettings"]
    if standing["version"]:
        return
    fields = {"frameworks": list(FRAMEWORKS), "idempotencyKey": "demo-frameworks"}
    answer = (await graph.ask(SWITCH_ON, {"input": fields}, token))["changeComplianceSettings"]
    if "message" in answer:
        raise CloudWatcherError(f"The demo's frameworks could not be switched on: {answer['message']}")
