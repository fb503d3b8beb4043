"""What cost sources are made from, and what comes back."""

import strawberry
from pydantic import BaseModel, Field

from domain.facts import cost_source_settings as settings
from domain.facts.cost_source import CostSourceKind
from schema.connecting import LEAST_MINUTES, MOST_MINUTES
from schema.cost_source import CostSource
from schema.errors import payload
from schema.organization import IDEMPOTENCY_KEY

for fact, name, description in (
    (settings.AwsDataExportSettings, "AwsDataExportInput", "An export of AWS Data Exports."),
    (settings.CostExplorerSettings, "AwsCostExplorerInput", "Cost Explorer of an account."),
    (settings.AzureExportSettings, "AzureExportInput", "An export of Azure Cost Management."),
    (settings.CostManagementSettings, "AzureCostManagementInput", "Cost Management of a subscription."),
    (settings.BigQuerySettings, "GcpBigQueryInput", "A table or view in BigQuery."),
    (settings.InvoiceSettings, "DigitalOceanInvoicesInput", "The invoices of a team."),
):
    strawberry.pydantic.input(fact, name=name, description=description)

strawberry.pydantic.input(
    settings.InsightSettings, name="DigitalOceanInsightsInput", description="The billing insights of a team."
)


@strawberry.pydantic.input(description="The place, by its kind.", one_of=True)
class CostSourceSettingsInput(BaseModel):
    aws_data_export: settings.AwsDataExportSettings | None = Field(description="Of AWS_DATA_EXPORT.")
    aws_cost_explorer: settings.CostExplorerSettings | None = Field(description="Of AWS_COST_EXPLORER.")
    azure_export: settings.AzureExportSettings | None = Field(description="Of AZURE_EXPORT.")
    azure_cost_management: settings.CostManagementSettings | None = Field(description="Of AZURE_COST_MANAGEMENT.")
    gcp_bigquery: settings.BigQuerySettings | None = Field(description="Of GCP_BIGQUERY.")
    digitalocean_invoices: settings.InvoiceSettings | None = Field(description="Of DIGITALOCEAN_INVOICES.")
    digitalocean_insights: settings.InsightSettings | None = Field(description="Of DIGITALOCEAN_INSIGHTS.")

    @property
    def chosen(self) -> tuple[CostSourceKind, settings.CostSourceSettings]:
        """The kind that was given, and its settings."""
        given = ((kind, getattr(self, kind.value.lower(), None)) for kind in CostSourceKind)
        return next((kind, found) for kind, found in given if found is not None)


NAME = Field(default=None, min_length=1, max_length=100, description="What to call it; left out: the place itself.")
EVERY = Field(
    default=None,
    ge=LEAST_MINUTES,
    le=MOST_MINUTES,
    description="Minutes between two looks: 5, up to 7 days. Left out: 6 hours for exports, a day for what is asked.",
)
VERSION = Field(default=None, description="Refused when it has another version by now.")


@strawberry.pydantic.input(description="A cost source to make.")
class CreateCostSourceInput(BaseModel):
    account_id: strawberry.ID = Field(description="Global id of the connected account whose credentials open it.")
    settings: CostSourceSettingsInput = Field(description="The place; its provider must be the account's.")
    name: str | None = NAME
    fetch_every_minutes: int | None = EVERY
    idempotency_key: str | None = IDEMPOTENCY_KEY


@strawberry.pydantic.input(description="What to change of a cost source; what is left out stays.")
class UpdateCostSourceInput(BaseModel):
    id: strawberry.ID = Field(description="Global id of the source.")
    expected_version: int | None = VERSION
    settings: CostSourceSettingsInput | None = Field(
        default=None, description="Of the same kind and place: another place is another source."
    )
    name: str | None = Field(default=None, min_length=1, max_length=100, description="What to call it.")
    fetch_every_minutes: int | None = Field(
        default=None, ge=LEAST_MINUTES, le=MOST_MINUTES, description="Minutes between two looks: 5, up to 7 days."
    )
    idempotency_key: str | None = IDEMPOTENCY_KEY


@strawberry.pydantic.input(description="A cost source to pause or to go on with.")
class PauseCostSourceInput(BaseModel):
    id: strawberry.ID = Field(description="Global id of the source.")
    is_paused: bool = Field(default=True, description="False goes on with it.")
    expected_version: int | None = VERSION
    idempotency_key: str | None = IDEMPOTENCY_KEY


@strawberry.pydantic.input(description="The cost source that is meant.")
class CostSourceInput(BaseModel):
    id: strawberry.ID = Field(description="Global id of the source.")
    idempotency_key: str | None = IDEMPOTENCY_KEY


CreateCostSourcePayload = payload("CreateCostSource", "source", CostSource, "The new source.")
UpdateCostSourcePayload = payload("UpdateCostSource", "source", CostSource, "It, changed.")
PauseCostSourcePayload = payload("PauseCostSource", "source", CostSource, "It, paused or not.")
RemoveCostSourcePayload = payload("RemoveCostSource", "source", CostSource, "As it was.")
FetchCostsPayload = payload("FetchCosts", "source", CostSource, "It; its fetch is asked for.")
