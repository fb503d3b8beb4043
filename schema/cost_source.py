"""Places that bills are fetched from, as they are shown."""

from datetime import date, datetime
from typing import Any

import strawberry

import documents
from documents.cost_source import FetchedMonth as StoredMonth
from domain.facts.cost_source import CostSourceKind
from domain.facts.cost_source_settings import BigQueryLayout
from domain.facts.provider import Provider
from domain.setup.cost_setup import cost_setup_of
from schema.account import Account
from schema.connecting import SetupSnippet
from schema.node import Node, derived, said, view
from schema.relation import organization_id_of, related
from schema.scalars import BigInt
from schema.values import register_enum

register_enum(
    CostSourceKind,
    "A kind of place that bills are fetched from.",
    {
        CostSourceKind.AWS_DATA_EXPORT: "An export of AWS Data Exports in S3: FOCUS 1.0 or 1.2, or CUR 2.0.",
        CostSourceKind.AWS_COST_EXPLORER: "AWS Cost Explorer, by service and account. Each request costs 0.01 USD.",
        CostSourceKind.AZURE_EXPORT: "An export of Azure Cost Management in Blob Storage: FOCUS or cost details.",
        CostSourceKind.AZURE_COST_MANAGEMENT: "The Query interface of Azure Cost Management.",
        CostSourceKind.GCP_BIGQUERY: "The detailed billing export in BigQuery, or a view of it in FOCUS.",
        CostSourceKind.DIGITALOCEAN_INVOICES: "The invoices of a DigitalOcean team, with their items.",
        CostSourceKind.DIGITALOCEAN_INSIGHTS: "The daily billing insights of a DigitalOcean team.",
    },
)
register_enum(
    BigQueryLayout,
    "What a table of BigQuery is.",
    {
        BigQueryLayout.DETAILED: "The detailed export, as Google writes it.",
        BigQueryLayout.FOCUS: "A view in the columns of FOCUS.",
    },
)


@strawberry.type(description="What a cost source knows of its place. What its kind has no use for is null.")
class CostSourceSettings:
    bucket: str | None = said("The bucket of S3.")
    prefix: str | None = said("Prefix and name of the export.")
    region: str | None = said("Region of the bucket.")
    storage_account: str | None = said("The storage account of Azure.")
    container: str | None = said("Its container.")
    endpoint_url: str | None = said("Address of the storage account, where it is another than Azure's own.")
    project: str | None = said("The project that holds the table.")
    dataset: str | None = said("The dataset.")
    table: str | None = said("The table or view.")
    location: str | None = said("Location of the dataset.")
    layout: BigQueryLayout | None = said("What the table is.")
    months: int | None = said("How many months the first fetch goes back.")


@strawberry.type(description="One file, table or answer that was fetched.")
class FetchedObject:
    name: str = said("What its place calls it.")
    mark: str = said("Its etag, or what else tells it from one that was changed.")


@strawberry.type(description="What was last fetched of one month.")
class FetchedMonth:
    month: str = said("The month, as YYYY-MM.")
    fetched_at: datetime | None = said("When it was last fetched and loaded; null before.")
    line_count: int = said("Rows of it.")
    object_count: int = said("How many files, tables or answers it was made of.")
    objects: list[FetchedObject] = said("The first hundred of them.")
    waits_for: str | None = said("What is missing of a newer delivery, which is taken once it is whole.")
    stored_size: strawberry.Private[int]

    @strawberry.field(description="Bytes of its files as they were delivered; 0 where there are none.")
    def size(self) -> BigInt:
        return BigInt(self.stored_size)


@strawberry.type(description="How to have a provider deliver bills, and to let CloudWatcher read them.")
class CostSourceSetup:
    steps: list[str] = said("What to do, in order.")
    permissions: list[str] = said("What the account's role, application or key needs for it, and no more.")
    snippets: list[SetupSnippet] = said("Texts to copy.")


NAMES = tuple(field.python_name for field in CostSourceSettings.__strawberry_definition__.fields)  # type: ignore[attr-defined]  # of strawberry


@view(documents.CostSource, description="A place that bills are fetched from by themselves.")
class CostSource(Node):
    kind: CostSourceKind = said("What kind of place it is.")
    name: str = said("What people call it.")
    place: str = said("The place itself. One organization has each place once.")
    is_paused: bool = said("Whether nothing is fetched for now.")
    next_fetch_at: datetime | None = said("When it is looked at next; null while it is paused.")
    last_tried_at: datetime | None = said("When it was looked at last.")
    last_fetched_at: datetime | None = said("When it was last looked at without a problem.")
    problem: str | None = said("Why it cannot be fetched, and what to do; null while it works.")
    newest_charge_at: datetime | None = said("When the charges of the newest day came.")
    version: int = said("Rises with every change of it.")
    created_at: datetime = said("When it was made.")
    account: Account | None = related("account_id", "The account whose credentials are used.")
    settings: strawberry.Private[dict[str, Any]]
    months: strawberry.Private[list[Any]]
    newest_charge_on: strawberry.Private[datetime | None]
    fetch_until: strawberry.Private[datetime | None]

    @derived("Whose bills these are.", reads=("kind",))
    def provider(self) -> Provider:
        return CostSourceKind(self.kind).provider

    @derived(
        "The newest day (UTC) on which a charge of it begins; null before there is one.", reads=("newest_charge_on",)
    )
    def newest_charge_day(self) -> date | None:
        return self.newest_charge_on and self.newest_charge_on.date()

    @derived("Minutes between two looks.", reads=("fetch_every",))
    def fetch_every_minutes(self) -> int:
        return int(_seconds(self.fetch_every) // 60)  # type: ignore[attr-defined]  # of the document

    @derived("Whether it is fetched just now.", reads=("fetch_until",))
    def is_fetching(self) -> bool:
        return self.fetch_until is not None

    @derived("What it knows of its place.", reads=("settings",), name="settings")
    def told_settings(self) -> CostSourceSettings:
        given = self.settings or {}
        return CostSourceSettings(
            **{name: given.get(name) for name in NAMES if name != "layout"}, layout=_layout(given)
        )

    @derived("What was fetched of each month, the newest first.", reads=("months",), name="months")
    def told_months(self) -> list[FetchedMonth]:
        return [_month(StoredMonth.model_validate(one)) for one in self.months or []]

    @derived("How to set the place up at the provider.", reads=("kind", "settings"))
    def setup(self) -> CostSourceSetup:
        kind = CostSourceKind(self.kind)
        return cost_setup_of(kind, self.settings or {})  # type: ignore[return-value]  # read like the type it is shown as

    @derived("The tenant it belongs to.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


def _seconds(stored: Any) -> float:
    """Rows hold the seconds, documents the time."""
    return float(stored if isinstance(stored, int | float) else stored.total_seconds())


def _layout(settings: dict[str, Any]) -> BigQueryLayout | None:
    return BigQueryLayout(settings["layout"]) if settings.get("layout") else None


def _month(stored: StoredMonth) -> FetchedMonth:
    return FetchedMonth(
        month=stored.month,
        fetched_at=stored.fetched_at,
        line_count=stored.line_count,
        object_count=stored.object_count,
        objects=[FetchedObject(name=one.name, mark=one.mark) for one in stored.objects],
        waits_for=stored.waits_for,
        stored_size=stored.size,
    )
