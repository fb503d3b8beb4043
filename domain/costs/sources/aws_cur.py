"""AWS Cost and Usage Reports, legacy (lineItem/UnblendedCost) and 2.0 (line_item_unblended_cost), as FOCUS columns."""

from domain.costs.native import (
    Always,
    Gathered,
    How,
    Native,
    NativeSource,
    choice,
    first,
    first_filled,
    worked,
)
from domain.costs.service_names import AWS_SERVICES, category_of, subcategory_of
from domain.costs.sources import aws_line


def _of_usage(name: str) -> How:
    return worked(
        lambda row: row[name] if row[aws_line.TYPE] in aws_line.USAGE else "",
        aws_line.TYPE,
        name,
        words=f"{name} of usage",
    )


def _of_charge(name: str) -> How:
    priced = (*aws_line.USAGE, *aws_line.PURCHASES)
    return worked(
        lambda row: row[name] if row[aws_line.TYPE] in priced else "",
        aws_line.TYPE,
        name,
        words=f"{name} of usage and purchases",
    )


def _by_commitment(plan: str, reservation: str) -> How:
    def work(row: Native) -> str:
        if not aws_line.commitment(row):
            return ""
        return plan if row["savingsPlan/SavingsPlanARN"] else reservation

    return worked(work, *aws_line.COMMITMENT, words=f"{plan} of savings plans, {reservation} of reservations")


_COSTS_READ = (aws_line.TYPE, *aws_line.COST)
_EFFECTIVE_READ = (
    *_COSTS_READ,
    *aws_line.PLAN_EFFECTIVE,
    *aws_line.RESERVED_EFFECTIVE,
    *aws_line.UNUSED_UPFRONT,
    *aws_line.UNUSED_RECURRING,
    "savingsPlan/TotalCommitmentToDate",
    "savingsPlan/UsedCommitment",
    "reservation/ReservationARN",
)

COLUMNS: dict[str, How] = {
    "BilledCost": worked(
        aws_line.billed,
        *_COSTS_READ,
        words="lineItem/NetUnblendedCost where printed (private discounts merged), else lineItem/UnblendedCost; 0 of "
        "SavingsPlanCoveredUsage and SavingsPlanNegation, which cancel",
    ),
    "EffectiveCost": worked(
        aws_line.effective,
        *_EFFECTIVE_READ,
        words="SavingsPlanCoveredUsage: savingsPlan/SavingsPlanEffectiveCost; DiscountedUsage: "
        "reservation/EffectiveCost; SavingsPlanRecurringFee: savingsPlan/TotalCommitmentToDate less "
        "savingsPlan/UsedCommitment; RIFee: the unused upfront fee and the unused recurring fee; "
        "SavingsPlanUpfrontFee, SavingsPlanNegation and the Fee of a reservation: 0; else as BilledCost. Net amounts "
        "where printed",
    ),
    "ListCost": worked(
        aws_line.listed,
        "pricing/publicOnDemandCost",
        *_COSTS_READ,
        words="pricing/publicOnDemandCost, else as BilledCost",
    ),
    "ContractedCost": worked(
        aws_line.contracted,
        "pricing/publicOnDemandCost",
        *_COSTS_READ,
        words="lineItem/NetUnblendedCost, else lineItem/UnblendedCost; as ListCost of DiscountedUsage; 0 of "
        "SavingsPlanNegation",
    ),
    "BillingAccountId": first("bill/PayerAccountId"),
    "BillingAccountName": first("bill/PayerAccountName"),
    "BillingCurrency": first("lineItem/CurrencyCode"),
    "BillingPeriodStart": first("bill/BillingPeriodStartDate"),
    "BillingPeriodEnd": first("bill/BillingPeriodEndDate"),
    "ChargePeriodStart": first("lineItem/UsageStartDate"),
    "ChargePeriodEnd": first("lineItem/UsageEndDate"),
    "ChargeCategory": choice(aws_line.TYPE, aws_line.CATEGORIES, otherwise="Adjustment"),
    "ChargeClass": choice(aws_line.TYPE, {"Refund": "Correction"}, otherwise=""),
    "ChargeDescription": first("lineItem/LineItemDescription"),
    "ChargeFrequency": worked(
        aws_line.frequency,
        aws_line.TYPE,
        words="Usage-Based of usage, Recurring of recurring fees, One-Time of the rest",
    ),
    "SubAccountId": first("lineItem/UsageAccountId"),
    "SubAccountName": first("lineItem/UsageAccountName"),
    "ServiceName": first("product/ProductName", "product_product_name", "lineItem/ProductCode"),
    "ServiceCategory": category_of("lineItem/ProductCode", AWS_SERVICES),
    "ServiceSubcategory": subcategory_of("lineItem/ProductCode", AWS_SERVICES),
    "ProviderName": Always("AWS"),
    "PublisherName": worked(
        aws_line.publisher,
        "lineItem/LegalEntity",
        "bill/BillingEntity",
        words="lineItem/LegalEntity of AWS Marketplace, else AWS",
    ),
    "InvoiceIssuerName": worked(
        lambda row: first_filled([row["bill/InvoicingEntity"], "Amazon Web Services"]),
        "bill/InvoicingEntity",
        words="bill/InvoicingEntity, else Amazon Web Services",
    ),
    "InvoiceId": first("bill/InvoiceId"),
    "RegionId": first("product/regionCode", "product/region"),
    "AvailabilityZone": worked(
        aws_line.zone, aws_line.TYPE, "lineItem/AvailabilityZone", words="lineItem/AvailabilityZone of usage"
    ),
    "ResourceId": first("lineItem/ResourceId"),
    "SkuId": _of_charge("product/sku"),
    "SkuPriceId": _of_charge("pricing/RateId"),
    "ConsumedQuantity": _of_usage("lineItem/UsageAmount"),
    "ConsumedUnit": _of_usage("pricing/unit"),
    "PricingQuantity": _of_charge("lineItem/UsageAmount"),
    "PricingUnit": _of_charge("pricing/unit"),
    "PricingCategory": worked(
        aws_line.pricing,
        aws_line.TYPE,
        "lineItem/UsageType",
        words="Committed of covered usage, Dynamic of SpotUsage, Standard of other usage and purchases",
    ),
    "ListUnitPrice": worked(
        aws_line.list_rate,
        aws_line.TYPE,
        "pricing/publicOnDemandRate",
        "pricing/publicOnDemandCost",
        words="pricing/publicOnDemandRate of usage",
    ),
    "CommitmentDiscountId": first(*aws_line.COMMITMENT),
    "CommitmentDiscountCategory": _by_commitment("Spend", "Usage"),
    "CommitmentDiscountType": _by_commitment("Savings Plan", "Reserved Instance"),
    "CommitmentDiscountStatus": worked(
        aws_line.status,
        *aws_line.COMMITMENT,
        *_EFFECTIVE_READ,
        words="Used of covered usage, Unused of a recurring fee of which something was not used",
    ),
    "CommitmentDiscountQuantity": worked(
        aws_line.commitment_quantity,
        aws_line.TYPE,
        *aws_line.COMMITMENT,
        "savingsPlan/SavingsPlanEffectiveCost",
        "savingsPlan/TotalCommitmentToDate",
        "lineItem/NormalizedUsageAmount",
        "lineItem/UsageAmount",
        words="money for savings plans, normalised or plain hours for reservations",
    ),
    "CommitmentDiscountUnit": worked(
        aws_line.commitment_unit,
        aws_line.TYPE,
        "lineItem/CurrencyCode",
        "pricing/unit",
        words="lineItem/CurrencyCode of savings plans, Normalized Hours or pricing/unit of reservations",
    ),
    "Tags": Gathered(
        ("resourceTags/", "resource_tags_"),
        "columns resourceTags/user:* and resourceTags/aws:*, or the map resource_tags",
        aws_line.tag_key,
        ("resource_tags",),
    ),
    "x_CostCategories": Gathered(
        ("costCategory/", "cost_category_"),
        "columns costCategory/*, or the map cost_category",
        str,
        ("cost_category",),
    ),
    "x_LineItemId": first("identity/LineItemId"),
    "x_LineItemType": first(aws_line.TYPE),
    "x_ServiceCode": first("lineItem/ProductCode"),
    "x_UsageType": first("lineItem/UsageType"),
    "x_Operation": first("lineItem/Operation"),
}

AWS_CUR = NativeSource(
    name="AWS Cost and Usage Report",
    marks=("lineItem/LineItemType", "lineItem/UsageStartDate"),
    needs=(
        ("bill/PayerAccountId",),
        ("bill/BillingPeriodStartDate",),
        ("bill/BillingPeriodEndDate",),
        ("lineItem/UsageEndDate",),
        ("lineItem/CurrencyCode",),
        ("lineItem/ProductCode",),
        ("lineItem/UnblendedCost",),
    ),
    columns=COLUMNS,
)
