"""What providers recommend to commit to, read from the recommendations that syncs keep."""

from collections.abc import Mapping
from typing import Any

from domain.commitments import recommended_aws, recommended_azure, recommended_gcp
from domain.commitments.recommendation import Recommended
from domain.facts.resource_kind import ResourceKind

KINDS = (
    ResourceKind.AWS_RECOMMENDATION,
    ResourceKind.AZURE_RECOMMENDATION,
    ResourceKind.GCP_RECOMMENDATION,
    ResourceKind.GCP_BILLING_RECOMMENDATION,
)
# By a part of the id, in small letters: that which the connector gives those of AWS, and Azure's and Google's own.
READERS = {
    "ce.savings-plan/": recommended_aws.plan,
    "ce.reservation/": recommended_aws.reservation,
    "microsoft.costmanagement/benefitrecommendations/": recommended_azure.plan,
    "microsoft.consumption/reservationrecommendations/": recommended_azure.reservation,
    "google.compute.commitment.usagecommitmentrecommender/": recommended_gcp.usage,
    "google.cloudbilling.commitment.spendbasedcommitmentrecommender/": recommended_gcp.spend,
}


def recommended(native_id: str, config: Mapping[str, Any]) -> Recommended | None:
    """What a stored recommendation says of a commitment; None where it is about something else or cannot be read."""
    name = native_id.lower()
    return next((read(config) for mark, read in READERS.items() if mark in name), None)
