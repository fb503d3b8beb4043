"""What is to be known of each place that bills are fetched from."""

from datetime import timedelta
from typing import Any

import pytest

from domain.errors import Invalid
from domain.facts.cost_source import CostSourceKind
from domain.facts.cost_source_settings import (
    SETTINGS_OF,
    AwsDataExportSettings,
    AzureExportSettings,
    BigQuerySettings,
    place_of,
)
from domain.facts.provider import Provider

S3 = {"bucket": "bills", "prefix": "exports/focus"}
BLOB = {"storage_account": "bills", "container": "exports", "prefix": "focus"}
TABLE = {"project": "billing-project", "dataset": "billing", "table": "export_v1"}


def test_every_kind_has_settings_a_provider_and_a_cadence() -> None:
    assert set(SETTINGS_OF) == set(CostSourceKind)
    assert {kind.provider for kind in CostSourceKind} == {
        Provider.AWS,
        Provider.AZURE,
        Provider.GCP,
        Provider.DIGITALOCEAN,
    }
    daily = {kind for kind in CostSourceKind if kind.usual_cadence == timedelta(days=1)}
    assert daily == {kind for kind in CostSourceKind if not kind.is_export}


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        (AwsDataExportSettings, "bucket", "Bills"),
        (AwsDataExportSettings, "bucket", "s3://bills"),
        (AwsDataExportSettings, "bucket", "192.168.0.1"),
        (AwsDataExportSettings, "bucket", "a..b"),
        (AwsDataExportSettings, "bucket", "-bills"),
        (AwsDataExportSettings, "prefix", "a/../b"),
        (AwsDataExportSettings, "prefix", "/"),
        (AwsDataExportSettings, "prefix", "a\nb"),
        (AwsDataExportSettings, "region", "Frankfurt"),
        (AzureExportSettings, "storage_account", "my-bills"),
        (AzureExportSettings, "container", "a--b"),
        (AzureExportSettings, "prefix", "a//b"),
        (BigQuerySettings, "project", "short"),
        (BigQuerySettings, "project", "Project-One"),
        (BigQuerySettings, "dataset", "a-b"),
        (BigQuerySettings, "table", "t` WHERE 1=1"),
        (BigQuerySettings, "location", "E U"),
    ],
)
def test_what_cannot_be_a_name_is_refused_with_its_field(kind: Any, field: str, value: str) -> None:
    right = {AwsDataExportSettings: S3, AzureExportSettings: BLOB, BigQuerySettings: TABLE}[kind]

    with pytest.raises(Invalid) as refused:
        kind(**{**right, field: value})

    assert refused.value.path == (field,)


def test_names_that_providers_allow_are_taken() -> None:
    assert AwsDataExportSettings(**S3 | {"bucket": "my.bills-1", "region": "us-gov-west-1"}).region == "us-gov-west-1"
    assert AzureExportSettings(**BLOB | {"container": "$root"}).container == "$root"
    assert BigQuerySettings(**TABLE | {"project": "example.com:billing-project"}).location is None
    assert BigQuerySettings(**TABLE | {"location": "europe-west1"}).location == "europe-west1"


def test_a_place_is_told_by_what_holds_the_bills() -> None:
    assert AwsDataExportSettings(**S3 | {"prefix": "/exports/focus/"}).place == "s3://bills/exports/focus"
    assert AzureExportSettings(**BLOB).place == "blob://bills/exports/focus"
    assert BigQuerySettings(**TABLE).place == "bigquery://billing-project/billing/export_v1"


def test_an_interface_is_told_by_its_account() -> None:
    kind = CostSourceKind.AWS_COST_EXPLORER

    assert place_of(kind, SETTINGS_OF[kind](), "111122223333") == "aws_cost_explorer://111122223333"
