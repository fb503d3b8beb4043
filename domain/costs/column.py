"""The columns of a FOCUS cost and usage row, versions 1.0 to 1.3, as data."""

import re
from dataclasses import dataclass, field
from enum import StrEnum

from domain.costs.service_category import SERVICE_CATEGORIES


class Kind(StrEnum):
    """How the text of a cell is read. TAGS is JSON with one level of keys; JSON is kept as its text."""

    STRING = "STRING"
    DECIMAL = "DECIMAL"
    TIME = "TIME"
    JSON = "JSON"
    TAGS = "TAGS"


class Level(StrEnum):
    """Whether the specification wants the column in every file, in some, or only recommends it."""

    MANDATORY = "MANDATORY"
    CONDITIONAL = "CONDITIONAL"
    RECOMMENDED = "RECOMMENDED"


def snake_case(column_id: str) -> str:
    """The name we store a column under: PricingCurrencyEffectiveCost is pricing_currency_effective_cost."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", column_id).lower()


@dataclass(frozen=True, slots=True)
class Column:
    """`id` is the header's name, `name` ours. `since` is the version that added it (1.0 for all older ones).

    `allowed` lists the values the specification permits; empty means any.
    """

    id: str
    kind: Kind = Kind.STRING
    level: Level = Level.CONDITIONAL
    is_nullable: bool = True
    since: str = "1.0"
    allowed: tuple[str, ...] = ()
    name: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", snake_case(self.id))


# The 57 columns of FOCUS 1.2 and the 8 that 1.3 added. Source: the FOCUS specification, https://focus.finops.org.
COLUMNS = (
    Column("AvailabilityZone", level=Level.RECOMMENDED),
    Column("BilledCost", Kind.DECIMAL, level=Level.MANDATORY, is_nullable=False),
    Column("BillingAccountId", level=Level.MANDATORY, is_nullable=False),
    Column("BillingAccountName", level=Level.MANDATORY),
    Column("BillingAccountType", is_nullable=False, since="1.2"),
    Column("BillingCurrency", level=Level.MANDATORY, is_nullable=False),
    Column("BillingPeriodEnd", Kind.TIME, level=Level.MANDATORY, is_nullable=False),
    Column("BillingPeriodStart", Kind.TIME, level=Level.MANDATORY, is_nullable=False),
    Column("CapacityReservationId", since="1.1"),
    Column("CapacityReservationStatus", since="1.1", allowed=("Used", "Unused")),
    Column(
        "ChargeCategory",
        level=Level.MANDATORY,
        is_nullable=False,
        allowed=("Usage", "Purchase", "Tax", "Credit", "Adjustment"),
    ),
    Column("ChargeClass", level=Level.MANDATORY, allowed=("Correction",)),
    Column("ChargeDescription", level=Level.MANDATORY),
    Column(
        "ChargeFrequency", level=Level.RECOMMENDED, is_nullable=False, allowed=("One-Time", "Recurring", "Usage-Based")
    ),
    Column("ChargePeriodEnd", Kind.TIME, level=Level.MANDATORY, is_nullable=False),
    Column("ChargePeriodStart", Kind.TIME, level=Level.MANDATORY, is_nullable=False),
    Column("CommitmentDiscountCategory", allowed=("Spend", "Usage")),
    Column("CommitmentDiscountId"),
    Column("CommitmentDiscountName"),
    Column("CommitmentDiscountQuantity", Kind.DECIMAL, since="1.1"),
    Column("CommitmentDiscountStatus", allowed=("Used", "Unused")),
    Column("CommitmentDiscountType"),
    Column("CommitmentDiscountUnit", since="1.1"),
    Column("ConsumedQuantity", Kind.DECIMAL),
    Column("ConsumedUnit"),
    Column("ContractedCost", Kind.DECIMAL, level=Level.MANDATORY, is_nullable=False),
    Column("ContractedUnitPrice", Kind.DECIMAL),
    Column("EffectiveCost", Kind.DECIMAL, level=Level.MANDATORY, is_nullable=False),
    Column("InvoiceId", level=Level.RECOMMENDED, since="1.2"),
    Column("InvoiceIssuerName", level=Level.MANDATORY, is_nullable=False),
    Column("ListCost", Kind.DECIMAL, level=Level.MANDATORY, is_nullable=False),
    Column("ListUnitPrice", Kind.DECIMAL),
    Column("PricingCategory", allowed=("Standard", "Dynamic", "Committed", "Other")),
    Column("PricingCurrency", since="1.2"),
    Column("PricingCurrencyContractedUnitPrice", Kind.DECIMAL, since="1.2"),
    Column("PricingCurrencyEffectiveCost", Kind.DECIMAL, since="1.2"),
    Column("PricingCurrencyListUnitPrice", Kind.DECIMAL, since="1.2"),
    Column("PricingQuantity", Kind.DECIMAL, level=Level.MANDATORY),
    Column("PricingUnit", level=Level.MANDATORY),
    Column("ProviderName", level=Level.MANDATORY, is_nullable=False),
    Column("PublisherName", level=Level.MANDATORY, is_nullable=False),
    Column("RegionId"),
    Column("RegionName"),
    Column("ResourceId"),
    Column("ResourceName"),
    Column("ResourceType"),
    Column("ServiceCategory", level=Level.MANDATORY, is_nullable=False, allowed=SERVICE_CATEGORIES),
    Column("ServiceName", level=Level.MANDATORY, is_nullable=False),
    Column("ServiceSubcategory", level=Level.RECOMMENDED, is_nullable=False, since="1.1"),
    Column("SkuId"),
    Column("SkuMeter", since="1.1"),
    Column("SkuPriceDetails", Kind.JSON, since="1.1"),
    Column("SkuPriceId"),
    Column("SubAccountId"),
    Column("SubAccountName"),
    Column("SubAccountType", since="1.2"),
    Column("Tags", Kind.TAGS),
    Column("AllocatedMethodId", since="1.3"),
    Column("AllocatedMethodDetails", Kind.JSON, since="1.3"),
    Column("AllocatedResourceId", since="1.3"),
    Column("AllocatedResourceName", since="1.3"),
    Column("AllocatedTags", Kind.TAGS, since="1.3"),
    Column("ContractApplied", Kind.JSON, since="1.3"),
    Column("HostProviderName", level=Level.MANDATORY, is_nullable=False, since="1.3"),
    Column("ServiceProviderName", level=Level.MANDATORY, is_nullable=False, since="1.3"),
)
BY_ID = {column.id: column for column in COLUMNS}
BY_NAME = {column.name: column for column in COLUMNS}
BY_FOLDED_ID = {column.id.casefold(): column for column in COLUMNS}

# Two columns of 1.4, which otherwise takes columns away; they are kept as they are.
ADDED_IN_1_4 = ("CommitmentProgramEligibilityDetails", "InvoiceDetailId")

# Without these a row cannot be placed in a period, an account or a sum.
REQUIRED = (
    "BilledCost",
    "EffectiveCost",
    "BillingAccountId",
    "BillingCurrency",
    "BillingPeriodStart",
    "BillingPeriodEnd",
    "ChargePeriodStart",
    "ChargePeriodEnd",
    "ChargeCategory",
    "ServiceName",
)

# Who sold the service, best first: 1.3 deprecates ProviderName, but a file that has both must be filed as before.
PROVIDER_COLUMNS = ("ProviderName", "ServiceProviderName", "HostProviderName")
