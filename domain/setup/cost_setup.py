"""How bills are made ready to be fetched, by kind of place."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from domain.facts.cost_source import CostSourceKind
from domain.facts.cost_source_settings import SETTINGS_OF
from domain.setup import cost_aws, cost_azure, cost_gcp, cost_others
from domain.setup.guide import Snippet


@dataclass(frozen=True, kw_only=True)
class CostSetup:
    """`permissions` are the least that the account's role, application or key needs."""

    steps: list[str]
    permissions: list[str]
    snippets: list[Snippet]


Made = tuple[list[str], list[str], list[Snippet]]
KINDS: dict[CostSourceKind, Callable[[Any], Made]] = {
    CostSourceKind.AWS_DATA_EXPORT: cost_aws.data_export,
    CostSourceKind.AWS_COST_EXPLORER: cost_aws.cost_explorer,
    CostSourceKind.AZURE_EXPORT: cost_azure.export,
    CostSourceKind.AZURE_COST_MANAGEMENT: cost_azure.query,
    CostSourceKind.GCP_BIGQUERY: cost_gcp.bigquery,
    CostSourceKind.DIGITALOCEAN_INVOICES: cost_others.digitalocean,
    CostSourceKind.DIGITALOCEAN_INSIGHTS: cost_others.digitalocean,
}


def cost_setup_of(kind: CostSourceKind, settings: dict[str, Any]) -> CostSetup:
    """Steps, permissions and texts to copy. `settings` are those a source is stored with."""
    steps, permissions, snippets = KINDS[kind](SETTINGS_OF[kind].model_validate(settings))
    return CostSetup(steps=steps, permissions=permissions, snippets=snippets)
