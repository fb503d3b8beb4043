"""Usage by day and SKU adds up rows, and keeps apart what is not there from what is nothing."""

from decimal import Decimal

from domain.costs.header import ReadOptions
from domain.costs.usage import UsageRollup
from tests.factories.focus import focus_row, lacking, parsed

HOURS = {"ConsumedQuantity": "2", "ConsumedUnit": "Hours", "SkuId": "S1", "SkuPriceId": "P1"}
COMMITTED = {
    "PricingCategory": "Committed",
    "CommitmentDiscountId": "sp-1",
    "CommitmentDiscountStatus": "Used",
    "CommitmentDiscountType": "Savings Plan",
    "CommitmentDiscountCategory": "Spend",
    "CommitmentDiscountQuantity": "0.5",
    "CommitmentDiscountUnit": "USD",
}
BLANK = dict.fromkeys({**HOURS, **COMMITTED}, "")


def test_rows_of_one_sku_and_day_add_up() -> None:
    rollup = UsageRollup()
    first, second = ({**HOURS, "ListCost": "3", "ResourceId": id} for id in ("i-1", "i-2"))
    rollup.add(parsed(focus_row(**BLANK | first), focus_row(**BLANK | second)))
    rollup.add(parsed(focus_row(**BLANK | first | {"ConsumedQuantity": "0.5", "ContractedCost": "0"})))

    ((key, sums),) = rollup.flush().items()

    assert (key.sku, key.consumed_unit, sums.quantity, sums.rows) == ("S1", "Hours", Decimal("4.5"), 3)
    assert (sums.billed, sums.effective) == (Decimal("3.75"), Decimal("3.60"))
    assert (sums.listed, sums.contracted) == (Decimal(9), Decimal("2.50"))
    assert (sums.commitment_quantity, sums.unlisted_rows) == (None, 0)


def test_a_row_without_an_sku_goes_by_its_price_and_then_by_its_words() -> None:
    rollup = UsageRollup()
    rollup.add(
        parsed(
            focus_row(**BLANK | HOURS),
            focus_row(**BLANK | HOURS | {"SkuId": ""}),
            focus_row(**BLANK | HOURS | {"SkuId": "", "SkuPriceId": ""}),
        )
    )

    assert [key.sku for key in rollup.flush()] == ["S1", "P1", "Hours of an instance"]


def test_what_a_commitment_covers_is_kept_apart_with_its_own_quantity() -> None:
    rollup = UsageRollup()
    covered = focus_row(**BLANK | HOURS | COMMITTED)
    rollup.add(parsed(focus_row(**BLANK | HOURS), covered, covered))

    found = {key.commitment_discount_id: sums for key, sums in rollup.flush().items()}

    assert found[None].commitment_quantity is None
    assert found["sp-1"].commitment_quantity == Decimal("1.0")
    assert found["sp-1"].rows == 2


def test_it_is_full_above_its_limit_and_starts_again_empty() -> None:
    rollup = UsageRollup(most=1)
    rollup.add(parsed(focus_row(ServiceName="a"), focus_row(ServiceName="b")))

    assert rollup.is_full
    assert len(rollup.flush()) == 2
    assert not rollup.is_full


def test_a_row_without_a_list_cost_is_counted_and_adds_nothing() -> None:
    rollup = UsageRollup()
    row = lacking(focus_row(**BLANK | HOURS), "ListCost", "ContractedCost")
    rollup.add(parsed(row, row, options=ReadOptions(is_lenient=True)))

    ((_, sums),) = rollup.flush().items()

    assert (sums.listed, sums.contracted, sums.unlisted_rows, sums.rows) == (0, 0, 2, 2)
