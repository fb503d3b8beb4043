"""Opens the place that bills are fetched from, by its kind, with the credentials of its account."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from connectors import registry
from connectors.billing.feed import Feed
from connectors.billing.feeds import azure_query, bigquery, cost_explorer, digitalocean, export
from connectors.billing.s3_objects import S3Objects
from connectors.clouds.aws import session
from connectors.clouds.azure import blob
from connectors.reading.listing import Place
from connectors.reading.source import Reach, Source
from domain.costs import delivery_layouts
from domain.errors import Invalid
from domain.facts.aws_credentials import AwsCredentials
from domain.facts.cost_source import CostSourceKind
from domain.facts.cost_source_settings import AwsDataExportSettings, AzureExportSettings
from domain.facts.credentials import AzureCredentials


@asynccontextmanager
async def open_feed(
    kind: CostSourceKind, settings: Any, credentials: Any, reach: Reach, most_bytes: int
) -> AsyncIterator[Feed]:
    """`settings` and `credentials` are those of the kind and of its provider. `most_bytes` bounds one month.

    Raises Invalid for an endpoint that may not be used, ProviderError when we are not let in.
    """
    if kind is CostSourceKind.AWS_DATA_EXPORT:
        async with _bucket(settings, credentials, reach) as store:
            yield export.ExportFeed(store, delivery_layouts.AWS, settings.prefix, most_bytes)
    elif kind is CostSourceKind.AZURE_EXPORT:
        async with _container(settings, credentials, reach) as blobs:
            yield export.ExportFeed(blobs, delivery_layouts.AZURE, settings.prefix, most_bytes)
    else:
        registration = registry.registration_of(kind.provider)
        if registration is None:
            raise Invalid(f"CloudWatcher has no connector for {kind.provider.value}.")
        async with registration.open(credentials, reach) as source:
            yield await _asked(kind, settings, source, reach, most_bytes)


@asynccontextmanager
async def _bucket(
    settings: AwsDataExportSettings, credentials: AwsCredentials, reach: Reach
) -> AsyncIterator[S3Objects]:
    async with session.open_source(credentials, reach) as source:
        place = Place(account_id="", region=settings.region, now=reach.now())
        yield S3Objects(source, place, settings.bucket)


@asynccontextmanager
async def _container(
    settings: AzureExportSettings, credentials: AzureCredentials, reach: Reach
) -> AsyncIterator[blob.BlobObjects]:
    place = (settings.storage_account, settings.container, settings.endpoint_url)
    async with blob.open_container(credentials, reach, *place) as store:
        yield store


async def _asked(kind: CostSourceKind, settings: Any, source: Source, reach: Reach, most_bytes: int) -> Feed:
    now = reach.now()
    if kind is CostSourceKind.GCP_BIGQUERY:
        return bigquery.BigQueryFeed(source, settings, now, most_bytes)
    native_id = (await source.identity()).native_id
    if kind is CostSourceKind.DIGITALOCEAN_INVOICES:
        return digitalocean.InvoiceFeed(source, native_id, settings.months, now)
    if kind is CostSourceKind.DIGITALOCEAN_INSIGHTS:
        return digitalocean.InsightFeed(source, native_id, settings.months, now)
    if kind is CostSourceKind.AZURE_COST_MANAGEMENT:
        return azure_query.AzureQueryFeed(source, native_id, settings.months, now)
    return cost_explorer.CostExplorerFeed(source, native_id, settings.months, now)
