"""What costs are grouped and picked by, next to tags."""

from enum import StrEnum


class Dimension(StrEnum):
    """COMMITMENT is the id of the commitment a charge is covered by or pays for; PUBLISHER made what was sold.

    Daily sums are kept by those of ROLLED_UP; by the others costs are added up from the billed rows.
    """

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
    RESOURCE = "RESOURCE"
    RESOURCE_TYPE = "RESOURCE_TYPE"
    AVAILABILITY_ZONE = "AVAILABILITY_ZONE"
    SERVICE_SUBCATEGORY = "SERVICE_SUBCATEGORY"
    SKU = "SKU"
    SKU_METER = "SKU_METER"
    SKU_PRICE = "SKU_PRICE"
    CHARGE_DESCRIPTION = "CHARGE_DESCRIPTION"
    CHARGE_CLASS = "CHARGE_CLASS"
    CHARGE_FREQUENCY = "CHARGE_FREQUENCY"
    INVOICE = "INVOICE"
    INVOICE_ISSUER = "INVOICE_ISSUER"
    COMMITMENT_TYPE = "COMMITMENT_TYPE"
    CAPACITY_RESERVATION = "CAPACITY_RESERVATION"
    BILLING_ACCOUNT_NAME = "BILLING_ACCOUNT_NAME"
    HOST_PROVIDER = "HOST_PROVIDER"


ROLLED_UP = frozenset(
    {
        Dimension.PROVIDER,
        Dimension.BILLING_ACCOUNT,
        Dimension.SUB_ACCOUNT,
        Dimension.SERVICE,
        Dimension.SERVICE_CATEGORY,
        Dimension.REGION,
        Dimension.CHARGE_CATEGORY,
        Dimension.PRICING_CATEGORY,
        Dimension.COMMITMENT,
        Dimension.COMMITMENT_STATUS,
        Dimension.PUBLISHER,
    }
)
