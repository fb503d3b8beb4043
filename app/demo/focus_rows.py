"""Makes up a company's FOCUS 1.2 rows for three clouds: the same company and day give the same rows, bit for bit."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_DOWN, Decimal
from pathlib import Path

from app.demo.cloud_catalog import CLOUDS, ENVIRONMENTS, SUPPORT, Cloud
from app.demo.cloud_use import MICRO, Series, days_of, digits_of, hex_of, series_of
from domain.costs.column import COLUMNS

IDS = tuple(column.id for column in COLUMNS if column.since <= "1.2")
_PLACES = {id: place for place, id in enumerate(IDS)}
# What is left of the list price under a commitment.
_COMMITTED_SHARE = Decimal("0.72")

Row = list[str]


@dataclass(frozen=True, slots=True)
class DemoBill:
    """`months` calendar months of daily rows up to the day before `today`, whose month counts.

    `company` names the bill's owner and seeds everything. `copies` multiplies the resources (with one there are about
    140 rows a day). `accounts` fixes sub account ids by "<cloud code>/<environment>", e.g. "aws/production", so that
    the bill names an account that is really connected.
    """

    company: str
    today: date
    months: int = 13
    copies: int = 1
    accounts: Mapping[str, str] = field(default_factory=dict)

    def rows(self) -> Iterator[Row]:
        """Rows as texts in the order of IDS, one billing month and cloud after the other."""
        last = self.today - timedelta(days=1)
        newest = last.year * 12 + last.month - 1
        for month in range(newest - self.months + 1, newest + 1):
            for cloud in CLOUDS:
                yield from _CloudMonth(self, cloud, date(month // 12, month % 12 + 1, 1)).rows()

    def write(self, path: Path, *, most: int | None = None) -> int:
        """Write the rows as CSV, at most `most` of them; returns how many."""
        written = 0
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(IDS)
            for row in self.rows():
                if written == most:
                    break
                writer.writerow(row)
                written += 1
        return written


class _CloudMonth:
    """The rows of one cloud in one billing month."""

    def __init__(self, bill: DemoBill, cloud: Cloud, first: date) -> None:
        self._bill = bill
        self._cloud = cloud
        self._days = days_of(first)
        self._billed = Decimal(0)
        end = self._days[-1] + timedelta(days=1)
        self._month = {"ChargePeriodStart": _midnight(first), "ChargePeriodEnd": _midnight(end)}
        invoice = f"{cloud.code.upper()}-{first:%Y%m}-{hex_of(bill.company)[:6]}"
        self._cells = _with(
            [""] * len(IDS),
            BillingAccountId=digits_of(f"{bill.company}/{cloud.code}"),
            BillingAccountName=f"{bill.company} {cloud.provider}",
            BillingAccountType=cloud.billing_account_type,
            BillingCurrency="USD",
            BillingPeriodStart=_midnight(first),
            BillingPeriodEnd=_midnight(end),
            InvoiceId=invoice if end <= bill.today else "",
            InvoiceIssuerName=cloud.publisher,
            PricingCurrency="USD",
            ProviderName=cloud.provider,
            PublisherName=cloud.publisher,
        )
        self._commitment = {
            "CommitmentDiscountCategory": "Spend",
            "CommitmentDiscountId": commitment_of(bill.company, cloud),
            "CommitmentDiscountName": "Compute commitment",
            "CommitmentDiscountType": "Savings Plan",
            "CommitmentDiscountUnit": "USD",
        }

    def rows(self) -> Iterator[Row]:
        """The commitment bought for the month, the fee for support, use day by day, then credit and tax."""
        cloud, bill = self._cloud, self._bill
        if cloud.support:
            yield self._support(cloud.support)
        if cloud.commitment_per_day:
            yield self._purchase()
        series = [
            (one, _with(self._cells, **one.columns))
            for one in series_of(bill.company, cloud, bill.copies, bill.accounts)
        ]
        for day in self._days:
            if day < bill.today:
                yield from self._day(series, day)
        if cloud.credit:
            yield self._lump("Credit", "Promotional credit", -cloud.credit)
        if cloud.tax:
            yield self._lump("Tax", "Tax on the charges of the month", (self._billed * cloud.tax).quantize(MICRO))

    def _day(self, series: list[tuple[Series, Row]], day: date) -> Iterator[Row]:
        period = {"ChargePeriodStart": _midnight(day), "ChargePeriodEnd": _midnight(day + timedelta(days=1))}
        left = self._cloud.commitment_per_day
        for one, cells in series:
            use = one.use_on(day, self._bill.today)
            row = _with(cells, ChargeCategory="Usage", **period)
            if left and one.offer.is_committed and one.is_production:
                price = one.offer.price * _COMMITTED_SHARE
                covered = min(use, (left / price).quantize(MICRO, ROUND_DOWN))
                left -= covered * price
                use -= covered
                if covered:
                    yield self._covered(row, one, covered, covered * price)
            if use:
                yield self._on_demand(row, one, use)
        if left:
            yield self._unused(period, left)

    def _on_demand(self, row: Row, one: Series, use: Decimal) -> Row:
        cost = use * one.contracted
        self._billed += cost
        return _with(
            _used(row, one, use), PricingCategory="Standard", BilledCost=_text(cost), EffectiveCost=_text(cost)
        )

    def _covered(self, row: Row, one: Series, use: Decimal, cost: Decimal) -> Row:
        return _with(
            _used(row, one, use),
            BilledCost="0",
            EffectiveCost=_text(cost),
            PricingCategory="Committed",
            CommitmentDiscountQuantity=_text(cost),
            CommitmentDiscountStatus="Used",
            **self._commitment,
        )

    def _unused(self, period: Mapping[str, str], left: Decimal) -> Row:
        return _with(
            self._lump("Usage", "Commitment not used", Decimal(0)),
            EffectiveCost=_text(left),
            ChargeFrequency="Usage-Based",
            PricingCategory="Committed",
            CommitmentDiscountQuantity=_text(left),
            CommitmentDiscountStatus="Unused",
            **self._commitment,
            **period,
        )

    def _purchase(self) -> Row:
        fee = self._cloud.commitment_per_day * len(self._days)
        self._billed += fee
        return _with(
            self._lump("Purchase", "Commitment for the month", fee),
            EffectiveCost="0",
            PricingCategory="Standard",
            CommitmentDiscountQuantity=_text(fee),
            **self._commitment,
        )

    def _support(self, fee: Decimal) -> Row:
        """What support costs, charged on the first of the month."""
        first = self._days[0]
        self._billed += fee
        return _with(
            self._lump("Usage", "Support for the month", fee),
            ChargePeriodStart=_midnight(first),
            ChargePeriodEnd=_midnight(first + timedelta(days=1)),
            PricingCategory="Standard",
            ServiceCategory="Other",
            ServiceName=SUPPORT,
            ServiceSubcategory="Other (Other)",
        )

    def _lump(self, category: str, description: str, amount: Decimal) -> Row:
        """One charge for the whole month; the offer it is filed under is the cloud's first."""
        offer = self._cloud.offers[0]
        # What is given back is less than none of something, at a price of 0 or more.
        price = _text(abs(amount))
        prices = {} if category == "Tax" else {"ListUnitPrice": price, "ContractedUnitPrice": price}
        return _with(
            self._cells,
            **self._month,
            BilledCost=_text(amount),
            EffectiveCost=_text(amount),
            ListCost=_text(amount),
            ContractedCost=_text(amount),
            **prices,
            PricingQuantity="" if category == "Tax" else "-1" if amount < 0 else "1",
            PricingUnit="" if category == "Tax" else "Months",
            PricingCategory="" if category == "Tax" else "Other",
            ChargeCategory=category,
            ChargeDescription=description,
            ChargeFrequency="Recurring",
            ServiceCategory=offer.category,
            ServiceName=offer.service,
            ServiceSubcategory=offer.subcategory,
        )


def commitment_of(company: str, cloud: Cloud) -> str:
    """The id of the commitment that the company has in the cloud."""
    account = digits_of(f"{company}/{cloud.code}/{ENVIRONMENTS[0].name}")
    return cloud.commitment_id.format(account=account, hex=hex_of(company)[:17])


def _used(row: Row, one: Series, use: Decimal) -> Row:
    return _with(
        row,
        ConsumedQuantity=_text(use),
        PricingQuantity=_text(use),
        ContractedUnitPrice=_text(one.contracted),
        ListCost=_text(use * one.offer.price),
        ContractedCost=_text(use * one.contracted),
    )


def _with(cells: Row, **columns: str) -> Row:
    row = cells.copy()
    for id, text in columns.items():
        row[_PLACES[id]] = text
    return row


def _text(number: Decimal) -> str:
    return format(number, "f")


def _midnight(day: date) -> str:
    return f"{day}T00:00:00Z"
