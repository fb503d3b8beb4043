"""The places that bills are fetched from by themselves."""

from datetime import timedelta
from enum import StrEnum

from domain.facts.provider import Provider

# Exports are written a few times a day; what is asked of an interface changes once a day, and Cost Explorer costs
# 0.01 USD a request.
EXPORT_EVERY, ASKED_EVERY = timedelta(hours=6), timedelta(hours=24)


class CostSourceKind(StrEnum):
    """Exports are files or a table that the provider writes; the others are asked call by call."""

    AWS_DATA_EXPORT = "AWS_DATA_EXPORT"
    AWS_COST_EXPLORER = "AWS_COST_EXPLORER"
    AZURE_EXPORT = "AZURE_EXPORT"
    AZURE_COST_MANAGEMENT = "AZURE_COST_MANAGEMENT"
    GCP_BIGQUERY = "GCP_BIGQUERY"
    DIGITALOCEAN_INVOICES = "DIGITALOCEAN_INVOICES"
    DIGITALOCEAN_INSIGHTS = "DIGITALOCEAN_INSIGHTS"

    @property
    def provider(self) -> Provider:
        """Whose bills these are."""
        return Provider(self.value.partition("_")[0])

    @property
    def is_export(self) -> bool:
        """Whether the provider writes them by itself, so that looking costs next to nothing."""
        return self in {CostSourceKind.AWS_DATA_EXPORT, CostSourceKind.AZURE_EXPORT, CostSourceKind.GCP_BIGQUERY}

    @property
    def usual_cadence(self) -> timedelta:
        """How often it is looked at unless somebody chooses another cadence."""
        return EXPORT_EVERY if self.is_export else ASKED_EVERY
