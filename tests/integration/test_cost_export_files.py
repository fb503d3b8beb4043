"""A bill that is loaded, written out as FOCUS and loaded again is the same bill, row by row."""

import csv
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.wiring import Backend
from documents import CostLine
from documents.cost_export import CostFileFormat
from documents.cost_line import NEWEST_FIRST
from documents.cost_load import clear_costs
from documents.cost_rows import RowsWanted
from domain.costs.column import BY_ID, COLUMNS, Kind
from domain.costs.header import ReadOptions
from domain.facts.cost_dimension import Dimension
from domain.facts.cost_filter import CostFilter, DimensionFilter
from jobs.cost_file import COLUMNS as FINANCE
from jobs.cost_file import write_finance, write_focus
from jobs.file_export import NoFileMade
from tests.factories.costs import NOW, load, total
from tests.factories.focus import focus_row, write_csv
from tests.factories.tenant import Tenant, make_tenant

EVER = RowsWanted(date(2000, 1, 1), date(2090, 1, 1))
OWN = {"origin", "id", "org_id", "created_at", "edition_id", "file", "row", "extras", "provider"}
PROVIDERS = {"provider_name", "service_provider_name", "host_provider_name"}


@pytest.fixture
async def tenant(backend: Backend) -> Tenant:
    return await make_tenant(backend)


async def quiet(done: int, total: int) -> None:
    assert done <= total


def ending(format: CostFileFormat) -> str:
    return ".parquet" if format is CostFileFormat.FOCUS_PARQUET else ".csv.gz"


async def exported(tenant: Tenant, folder: Path, format: CostFileFormat, version: str, wanted=EVER) -> Path:
    path = folder / f"exported-{version}{ending(format)}"
    await write_focus(tenant.scope, wanted, format, version, path, quiet)
    return path


def plain(value: Any) -> Any:
    """A value by which equal ones are equal, whatever they are printed like."""
    if isinstance(value, Decimal):
        return value.normalize()
    return tuple(sorted(value.items())) if isinstance(value, dict) else value


async def rows_of(tenant: Tenant, *, but: set[str] = frozenset()) -> list[Any]:
    """All rows of a tenant as values, in an order of their own; extra columns by the name they are written under."""
    page = await CostLine.page_in(tenant.scope, {}, NEWEST_FIRST, first=10_000)
    rows = []
    for line in page.rows:
        fields = {name: plain(getattr(line, name)) for name in CostLine.Row.stored if name not in OWN | but}
        extras = {name if name.startswith("x_") else f"x_{name}": text for name, text in (line.extras or {}).items()}
        rows.append(repr((sorted(fields.items()), sorted(extras.items()))))
    return sorted(rows)


FORMATS = [CostFileFormat.FOCUS_CSV, CostFileFormat.FOCUS_PARQUET]


@pytest.mark.parametrize("version", ["1.2", "1.3"])
@pytest.mark.parametrize("format", FORMATS)
async def test_the_sample_export_survives_the_round_trip(backend, tenant, shared, tmp_path, format, version):
    await load(backend, tenant, shared / "data" / "focus" / "focus_1_0_sample_a.csv.gz")
    other = await make_tenant(backend)

    report = await load(backend, other, await exported(tenant, tmp_path, format, version))

    assert (report.rows, report.files[0].version) == (611, version)
    # 1.3 wants more names of providers than a file of 1.0 has.
    but = PROVIDERS if version == "1.3" else set()
    assert await rows_of(other, but=but) == await rows_of(tenant, but=but)
    assert await total(other) == await total(tenant)


async def test_an_exported_file_is_the_same_when_it_was_loaded_and_exported_again(backend, tenant, shared, tmp_path):
    await load(backend, tenant, shared / "data" / "focus" / "focus_1_0_sample_a.csv.gz")
    other = await make_tenant(backend)
    once = await exported(tenant, tmp_path, CostFileFormat.FOCUS_CSV, "1.3")
    await load(backend, other, once)
    (tmp_path / "again").mkdir()

    again = await exported(other, tmp_path / "again", CostFileFormat.FOCUS_CSV, "1.3")

    assert again.read_bytes() == once.read_bytes()
    assert (await load(backend, other, again)).is_unchanged


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=12).filter(
    lambda text: text.casefold() != "null"
)
AMOUNTS = st.decimals(min_value=-(10**9), max_value=10**9, places=12, allow_nan=False).map(lambda one: format(one, "f"))
TAGS = st.dictionaries(TEXTS, TEXTS, max_size=3).map(json.dumps)
OPTIONAL = [
    column for column in COLUMNS if column.id not in focus_row() and not column.allowed and column.kind is not Kind.TIME
]


def cell(kind: Kind) -> st.SearchStrategy[str]:
    if kind is Kind.DECIMAL:
        return AMOUNTS
    return TAGS if kind in {Kind.TAGS, Kind.JSON} else TEXTS


@st.composite
def bills(draw: st.DrawFn) -> tuple[str, list[dict[str, str]]]:
    """A version, and rows with some of its columns."""
    version = draw(st.sampled_from(["1.0", "1.1", "1.2", "1.3"]))
    columns = draw(st.lists(st.sampled_from([c for c in OPTIONAL if c.since <= version]), unique=True, max_size=8))
    rows = []
    for _ in range(draw(st.integers(1, 3))):
        own = {column.id: draw(st.one_of(st.just(""), cell(column.kind))) for column in columns}
        amounts = {name: draw(AMOUNTS) for name in ("BilledCost", "EffectiveCost", "ListCost")}
        rows.append(focus_row(Tags=draw(TAGS), x_Own=draw(TEXTS), **own, **amounts))
    return version, rows


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(bill=bills(), format=st.sampled_from(FORMATS))
async def test_any_bill_survives_the_round_trip(backend, tmp_path_factory, bill, format):
    version, rows = bill
    tmp_path, tenant, other = tmp_path_factory.mktemp("bill"), await make_tenant(backend), await make_tenant(backend)
    await load(backend, tenant, write_csv(tmp_path / "bill.csv", rows))

    path = await exported(tenant, tmp_path, format, "1.3" if version == "1.3" else "1.2")
    await load(backend, other, path)

    but = PROVIDERS if version == "1.3" else set()
    assert await rows_of(other, but=but) == await rows_of(tenant, but=but)


async def test_an_amount_in_more_places_than_usual_widens_the_columns_of_parquet(backend, tenant, tmp_path):
    fine = "0.0000000000000000000000012345"
    await load(backend, tenant, write_csv(tmp_path / "a.csv", [focus_row(), focus_row(BilledCost=fine)]))
    other = await make_tenant(backend)

    await load(backend, other, await exported(tenant, tmp_path, CostFileFormat.FOCUS_PARQUET, "1.2"))

    assert await total(other) == Decimal("1.2500000000000000000000012345")
    assert await rows_of(other) == await rows_of(tenant)


WEB, OPS, NONE = '{"team": "web"}', '{"team": "$ops"}', ""
SOME = [
    focus_row(BilledCost="1", Tags=WEB, ServiceName="EC2"),
    focus_row(BilledCost="2", Tags=OPS, ServiceName="EC2"),
    focus_row(BilledCost="4", Tags=NONE, ServiceName="S3", ProviderName="Amazon"),
    focus_row(BilledCost="8", Tags=WEB, ServiceName="$dollar", ChargePeriodStart="2026-09-20T00:00:00Z")
    | {"ChargePeriodEnd": "2026-09-21T00:00:00Z"},
]


@pytest.mark.parametrize(
    ("where", "billed"),
    [
        (CostFilter(), 15),
        (CostFilter.of({Dimension.SERVICE: ["EC2"]}), 3),
        (CostFilter.of({Dimension.SERVICE: ["$dollar", "S3"]}), 12),
        (CostFilter.of({Dimension.PROVIDER: ["AWS"]}), 11),
        (CostFilter.of(tags={"team": ["web"]}), 9),
        (CostFilter.of(tags={"team": ["$ops", None]}), 6),
        (CostFilter.of({Dimension.COMMITMENT: [None]}, {"team": ["web"]}), 9),
        (CostFilter(dimensions=(DimensionFilter(dimension=Dimension.SERVICE, values=("EC2",), is_excluded=True),)), 12),
    ],
)
async def test_a_filter_picks_the_same_rows_as_sums(backend, tenant, tmp_path, where, billed):
    await load(backend, tenant, write_csv(tmp_path / "a.csv", SOME))
    wanted, other = RowsWanted(EVER.first, EVER.until, where), await make_tenant(backend)

    await load(backend, other, await exported(tenant, tmp_path, CostFileFormat.FOCUS_CSV, "1.2", wanted))
    lines = await finance(tenant, tmp_path, wanted)

    assert await total(other) == billed
    assert sum(Decimal(line["Billed cost"]) for line in lines) == billed


async def test_days_are_half_open(backend, tenant, tmp_path):
    await load(backend, tenant, write_csv(tmp_path / "a.csv", SOME))
    other = await make_tenant(backend)
    wanted = RowsWanted(date(2026, 9, 2), date(2026, 9, 20))

    await load(backend, other, await exported(tenant, tmp_path, CostFileFormat.FOCUS_CSV, "1.2", wanted))

    assert await total(other) == 7


async def test_without_rows_there_is_no_file(tenant, tmp_path):
    with pytest.raises(NoFileMade, match="no costs that match"):
        await exported(tenant, tmp_path, CostFileFormat.FOCUS_CSV, "1.3")
    with pytest.raises(NoFileMade, match="no costs that match"):
        await finance(tenant, tmp_path, EVER)


async def test_rows_that_go_while_they_are_written_have_the_file_begun_anew(backend, tenant, tmp_path):
    first = [focus_row(BilledCost="1", ResourceId=f"i-{number}") for number in range(3000)]
    await load(backend, tenant, write_csv(tmp_path / "a.csv", first))
    was_restated = False

    async def restate(done: int, total: int) -> None:
        nonlocal was_restated
        if not was_restated:
            was_restated = True
            await load(backend, tenant, write_csv(tmp_path / "b.csv", [focus_row(BilledCost="7")]))
            later = datetime(2100, 1, 1, tzinfo=UTC)
            await clear_costs(dead_since=NOW, retired_before=later)

    path = tmp_path / "costs.csv.gz"
    rows = await write_focus(tenant.scope, EVER, CostFileFormat.FOCUS_CSV, "1.3", path, restate)
    other = await make_tenant(backend)
    await load(backend, other, path)

    assert (was_restated, rows, await total(other)) == (True, 1, 7)


async def finance(tenant: Tenant, folder: Path, wanted: RowsWanted) -> list[dict[str, str]]:
    path = folder / "finance.csv"
    await write_finance(tenant.scope, wanted, path, quiet)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf"), "or a spreadsheet takes it for another alphabet"
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


async def test_finance_gets_sums_by_month_account_service_and_currency(backend, tenant, tmp_path):
    october = {"BillingPeriodStart": "2026-10-01T00:00:00Z", "BillingPeriodEnd": "2026-11-01T00:00:00Z"}
    october |= {"ChargePeriodStart": "2026-10-31T23:00:00Z", "ChargePeriodEnd": "2026-11-01T00:00:00Z"}
    rows = [
        focus_row(BilledCost="1.10", EffectiveCost="1", ListCost="3", ContractedCost="2", ServiceName="=EC2()"),
        focus_row(BilledCost="-0.05", EffectiveCost="0", ListCost="0", ContractedCost="0", ServiceName="=EC2()"),
        focus_row(BilledCost="5", SubAccountId="", SubAccountName=""),
        focus_row(BilledCost="0.125", ServiceName="Größe", **october),
        focus_row(BilledCost="9", BillingAccountId="other", BillingCurrency="EUR", **october),
    ]
    await load(backend, tenant, write_csv(tmp_path / "a.csv", rows), options=ReadOptions())

    lines = await finance(tenant, tmp_path, EVER)

    assert tuple(lines[0]) == FINANCE
    shown = [(line["Month"], line["Account"], line["Service"], line["Currency"], line["Billed cost"]) for line in lines]
    assert shown == [
        ("2026-09", "", "Amazon Elastic Compute Cloud", "USD", "5.00"),
        ("2026-09", "200000000002", "'=EC2()", "USD", "1.05"),
        ("2026-10", "200000000002", "Größe", "USD", "0.125"),
        ("2026-10", "200000000002", "Amazon Elastic Compute Cloud", "EUR", "9.00"),
    ]
    second = lines[1]
    assert (second["Effective cost"], second["List cost"], second["Contracted cost"]) == ("1.00", "3.00", "2.00")
    assert (second["Rows"], second["Account name"], second["Billing account"]) == ("2", "production", "100000000001")


def test_every_column_that_can_be_written_is_a_field_of_a_line():
    assert {column.name for column in COLUMNS} <= set(CostLine.model_fields)
    assert BY_ID.keys() >= set(focus_row())
