"""What daily sums of costs are kept by, next to tags."""

from enum import StrEnum


class Dimension(StrEnum):
    """COMMITMENT is the id of the commitment a charge is covered by or pays for; PUBLISHER made what was sold."""

    PROVIDER = "PROVIDER"
    BILLING_ACCOUNT = "BILLING_ACCOUNT"
    SUB_ACCOUNT = "SUB_ACCOUNT"
    SERVICE = "SERVICE"
    SERVICE_CATEGORY = "SERVICE_CATEGORY"
    REGION = "REGION"
    CHARGE_CATEGORY = "CHARGE_CATEGORY"
    PRICING_CATEGORY = "PRICING_CATEGORY"
    COMMITMENT = "COMMITMENT"
    COMMITMENT_STATUS = "COMMITMENT_STATUS"
    PUBLISHER = "PUBLISHER"
