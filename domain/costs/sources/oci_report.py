"""Oracle Cloud cost reports (lineItem/referenceNo, cost/myCost) as FOCUS columns."""

from domain.costs.native import BLANK, Always, Gathered, How, NativeSource, choice, first, worked
from domain.costs.native_cell import month_end, month_start
from domain.costs.service_names import OCI_SERVICES, category_of, subcategory_of

_START = "lineItem/intervalUsageStart"

COLUMNS: dict[str, How] = {
    "BilledCost": first("cost/myCost"),
    "EffectiveCost": first("cost/myCost"),
    # The report prints the price that was agreed and no other.
    "ListCost": first("cost/myCost"),
    "ContractedCost": first("cost/myCost"),
    "BillingAccountId": first("lineItem/tenantId"),
    "BillingAccountName": BLANK,
    "BillingCurrency": first("cost/currencyCode"),
    "BillingPeriodStart": worked(lambda row: month_start(row, _START), _START, words=f"the month of {_START}"),
    "BillingPeriodEnd": worked(lambda row: month_end(row, _START), _START, words=f"the end of the month of {_START}"),
    "ChargePeriodStart": first(_START),
    "ChargePeriodEnd": first("lineItem/intervalUsageEnd"),
    "ChargeCategory": Always("Usage"),
    "ChargeClass": choice("lineItem/isCorrection", {"true": "Correction"}, otherwise=""),
    "ChargeDescription": first("product/Description"),
    "ChargeFrequency": Always("Usage-Based"),
    "SubAccountId": first("product/compartmentId"),
    "SubAccountName": first("product/compartmentName"),
    "ServiceName": first("product/service"),
    "ServiceCategory": category_of("product/service", OCI_SERVICES),
    "ServiceSubcategory": subcategory_of("product/service", OCI_SERVICES),
    "ProviderName": Always("Oracle"),
    "PublisherName": Always("Oracle"),
    "InvoiceIssuerName": Always("Oracle"),
    "RegionId": first("product/region"),
    "AvailabilityZone": first("product/availabilityDomain"),
    "ResourceId": first("product/resourceId"),
    "SkuId": first("cost/productSku"),
    "SkuPriceId": first("cost/productSku"),
    "ConsumedQuantity": first("usage/billedQuantity"),
    "ConsumedUnit": first("cost/skuUnitDescription", "cost/billingUnitReadable"),
    "PricingQuantity": first("usage/billedQuantity"),
    "PricingUnit": first("cost/skuUnitDescription", "cost/billingUnitReadable"),
    "PricingCategory": Always("Standard"),
    "ContractedUnitPrice": first("cost/unitPrice"),
    "Tags": Gathered(("tags/",), "columns tags/*"),
    "x_LineItemId": first("lineItem/referenceNo"),
    "x_BackReference": first("lineItem/backreferenceNo"),
    "x_IsOverage": first("cost/overageFlag"),
}

OCI_REPORT = NativeSource(
    name="OCI cost report",
    marks=("lineItem/referenceNo", "cost/myCost"),
    needs=(
        ("lineItem/tenantId",),
        (_START,),
        ("lineItem/intervalUsageEnd",),
        ("cost/currencyCode",),
        ("product/service",),
    ),
    columns=COLUMNS,
)
