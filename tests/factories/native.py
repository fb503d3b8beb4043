"""Rows of native bills made to order, and what they are told as."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from domain.costs.sources import registry
from domain.costs.translation import Translation
from tests.factories.focus import text_batch

_LINE = {
    "identity/LineItemId": "line-1",
    "bill/PayerAccountId": "100000000001",
    "bill/BillingEntity": "AWS",
    "bill/InvoicingEntity": "Amazon Web Services, Inc.",
    "bill/BillingPeriodStartDate": "2026-09-01T00:00:00Z",
    "bill/BillingPeriodEndDate": "2026-10-01T00:00:00Z",
    "lineItem/UsageAccountId": "200000000002",
    "lineItem/LineItemType": "Usage",
    "lineItem/UsageStartDate": "2026-09-02T00:00:00Z",
    "lineItem/UsageEndDate": "2026-09-02T01:00:00Z",
    "lineItem/ProductCode": "AmazonEC2",
    "lineItem/UsageType": "BoxUsage:m5.large",
    "lineItem/UsageAmount": "1",
    "lineItem/CurrencyCode": "USD",
    "lineItem/UnblendedCost": "0.10",
    "lineItem/LegalEntity": "Amazon Web Services, Inc.",
    "lineItem/ResourceId": "i-1",
    "pricing/publicOnDemandCost": "0.12",
    "pricing/publicOnDemandRate": "0.12",
    "pricing/unit": "Hrs",
    "product/ProductName": "Amazon Elastic Compute Cloud",
    "product/sku": "SKU1",
}
_DETAIL = {
    "BillingAccountId": "8611537",
    "BillingAccountName": "Example",
    "BillingPeriodStartDate": "09/01/2026",
    "BillingPeriodEndDate": "09/30/2026",
    "BillingCurrency": "EUR",
    "SubscriptionId": "sub-1",
    "SubscriptionName": "Production",
    "Date": "09/04/2026",
    "ProductName": "Virtual Machines D2 v3",
    "MeterCategory": "Virtual Machines",
    "MeterId": "meter-1",
    "Quantity": "24",
    "UnitOfMeasure": "1 Hour",
    "UnitPrice": "0.11",
    "PayGPrice": "0.12",
    "CostInBillingCurrency": "2.64",
    "ResourceId": "/subscriptions/S/resourceGroups/G/providers/Microsoft.Compute/virtualMachines/Web",
    "ResourceLocation": "South Central US",
    "ChargeType": "Usage",
    "Frequency": "UsageBased",
    "PricingModel": "OnDemand",
    "ReservationId": "",
    "benefitId": "",
    "Tags": '"team": "web"',
}
_EXPORTED: dict[str, Any] = {
    "billing_account_id": "01AAAA-BBBBBB-CCCCCC",
    "service": {"id": "6F81-5844-456A", "description": "Compute Engine"},
    "sku": {"id": "CCCC-1", "description": "N1 Predefined Instance Core running in Americas"},
    "usage_start_time": "2026-09-02T00:00:00Z",
    "usage_end_time": "2026-09-02T01:00:00Z",
    "project": {"id": "web-prod", "name": "Web"},
    "labels": [{"key": "team", "value": "web"}],
    "location": {"location": "us-central1", "region": "us-central1", "zone": "us-central1-a"},
    "resource": {"name": "vm-1", "global_name": "//compute.googleapis.com/vm-1"},
    "cost": 10.5,
    "currency": "USD",
    "usage": {"amount": 3600, "unit": "seconds", "amount_in_pricing_units": 1, "pricing_unit": "hour"},
    "credits": [],
    "invoice": {"month": "202609"},
    "cost_type": "regular",
    "cost_at_list": 12,
}


def aws_line(**columns: str) -> dict[str, str]:
    """A line of a Cost and Usage Report: `lineItem__UnblendedCost` stands for lineItem/UnblendedCost."""
    return _LINE | {name.replace("__", "/"): text for name, text in columns.items()}


def azure_detail(**columns: str) -> dict[str, str]:
    """A row of a cost details file."""
    return _DETAIL | columns


def gcp_row(**columns: Any) -> dict[str, Any]:
    """A row of the billing export, as JSON has it."""
    return _EXPORTED | columns


def as_cells(row: Mapping[str, Any]) -> dict[str, str]:
    """The row as a Parquet file of the table is read: nested values are JSON."""
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in row.items()}


def told(*rows: Mapping[str, str], file: str = "bill.csv", beside: Sequence[str] = ()) -> list[dict[str, str]]:
    """The rows of one native file as FOCUS ids to text, empty cells left out. The columns are those of the first."""
    source = registry.source_of(list(rows[0]), file, beside)
    assert source is not None, "no such form is known"
    translation = Translation(file, source, list(rows[0]))
    (batch,) = translation.told(iter([text_batch(rows)]))
    found = [dict(zip(translation.names, cells, strict=True)) for cells in zip(*batch.columns, strict=True)]
    return [{id: text for id, text in row.items() if text} for row in found]
