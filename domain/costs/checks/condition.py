"""Rules about when a column is null and when it is not, by other columns of the row."""

from collections.abc import Callable

from domain.costs.check import Check, RowCheck, Values
from domain.costs.column import BY_ID

_Holds = Callable[[Values], bool]


def _null(column: str, words: str, holds: _Holds) -> RowCheck:
    check = Check(f"{column}-null", column, f"It is null when {words}.", since=BY_ID[column].since)
    return RowCheck(check, lambda row: row[column] is not None and holds(row))


def _filled(column: str, words: str, holds: _Holds) -> RowCheck:
    check = Check(f"{column}-required", column, f"It is not null when {words}.", since=BY_ID[column].since)
    return RowCheck(check, lambda row: row[column] is None and holds(row))


def _lacks(column: str) -> _Holds:
    return lambda row: row[column] is None


def _has(column: str) -> _Holds:
    return lambda row: row[column] is not None


def _is_tax(row: Values) -> bool:
    return bool(row["ChargeCategory"] == "Tax")


def _is_priced(row: Values) -> bool:
    return row["ChargeCategory"] in {"Usage", "Purchase"} and row["ChargeClass"] != "Correction"


def _is_used(row: Values) -> bool:
    return bool(row["ChargeCategory"] == "Usage" and row["CommitmentDiscountStatus"] != "Unused")


def _is_commitment(row: Values) -> bool:
    return row["ChargeCategory"] in {"Usage", "Purchase"} and row["CommitmentDiscountId"] is not None


_PRICED = "ChargeCategory is Usage or Purchase and ChargeClass is not Correction"
# Null on taxes, and there on what was used or bought at a price.
_OF_PRICED_ROWS = (
    "ContractedUnitPrice",
    "ListUnitPrice",
    "PricingCategory",
    "PricingQuantity",
    "SkuId",
    "SkuPriceId",
    "PricingCurrencyContractedUnitPrice",
    "PricingCurrencyListUnitPrice",
)
# (column, the column without which it is null): there exactly when the other is.
_TOGETHER = (
    ("CommitmentDiscountCategory", "CommitmentDiscountId"),
    ("CommitmentDiscountType", "CommitmentDiscountId"),
    ("CommitmentDiscountUnit", "CommitmentDiscountQuantity"),
    ("ConsumedUnit", "ConsumedQuantity"),
    ("PricingUnit", "PricingQuantity"),
    ("RegionName", "RegionId"),
    ("ResourceType", "ResourceId"),
    ("SubAccountName", "SubAccountId"),
    ("SubAccountType", "SubAccountId"),
)
# As above, but it may be null although the other is there.
_AT_MOST_WITH = (
    ("CapacityReservationStatus", "CapacityReservationId"),
    ("CommitmentDiscountName", "CommitmentDiscountId"),
    ("CommitmentDiscountStatus", "CommitmentDiscountId"),
    ("ResourceName", "ResourceId"),
    ("SkuMeter", "SkuId"),
    ("SkuPriceDetails", "SkuPriceId"),
)

CONDITIONS = (
    *(_null(column, f"{other} is null", _lacks(other)) for column, other in (*_TOGETHER, *_AT_MOST_WITH)),
    *(_filled(column, f"{other} is not null", _has(other)) for column, other in _TOGETHER),
    *(_null(column, "ChargeCategory is Tax", _is_tax) for column in _OF_PRICED_ROWS),
    *(_filled(column, _PRICED, _is_priced) for column in _OF_PRICED_ROWS),
    _filled(
        "CapacityReservationStatus",
        "ChargeCategory is Usage and CapacityReservationId is not null",
        lambda row: row["ChargeCategory"] == "Usage" and row["CapacityReservationId"] is not None,
    ),
    _filled(
        "CommitmentDiscountStatus",
        "ChargeCategory is Usage and CommitmentDiscountId is not null",
        lambda row: row["ChargeCategory"] == "Usage" and row["CommitmentDiscountId"] is not None,
    ),
    _null(
        "CommitmentDiscountQuantity",
        "ChargeCategory is neither Usage nor Purchase, or CommitmentDiscountId is null",
        lambda row: not _is_commitment(row),
    ),
    _filled(
        "CommitmentDiscountQuantity",
        f"CommitmentDiscountId is not null, {_PRICED}",
        lambda row: _is_commitment(row) and row["ChargeClass"] != "Correction",
    ),
    _null(
        "ConsumedQuantity",
        "ChargeCategory is not Usage or CommitmentDiscountStatus is Unused",
        lambda row: not _is_used(row),
    ),
    _filled(
        "ConsumedQuantity",
        "ChargeCategory is Usage, CommitmentDiscountStatus is not Unused and ChargeClass is not Correction",
        lambda row: _is_used(row) and row["ChargeClass"] != "Correction",
    ),
)
