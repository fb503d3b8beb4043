"""What is to be known of each place that bills are fetched from, besides the account whose credentials open it.

Forms are those of the providers: S3 "Bucket naming rules", Azure "Naming rules and restrictions for Azure resources",
BigQuery "Naming datasets" and "Naming tables", Google Cloud "Creating and managing projects".
"""

import re
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from domain.errors import Invalid
from domain.facts.aws_credentials import REGION
from domain.facts.cost_source import CostSourceKind

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1024)]
BUCKET = re.compile(r"(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9](?:[a-z0-9-]|\.(?!\.)){1,61}[a-z0-9]")
STORAGE_ACCOUNT = re.compile(r"[a-z0-9]{3,24}")
CONTAINER = re.compile(r"(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]|\$root")
PROJECT = re.compile(r"(?:[a-z0-9.-]{1,63}:)?[a-z][a-z0-9-]{4,28}[a-z0-9]")
DATASET = re.compile(r"[A-Za-z0-9_]{1,1024}")
TABLE = re.compile(r"[A-Za-z0-9_-]{1,1024}")
LOCATION = re.compile(r"[A-Za-z0-9-]{2,40}")
# Cost Explorer keeps 14 months of days, Cost Management 13.
MOST_MONTHS = 13
MONTHS = Field(
    default=2, ge=1, le=MOST_MONTHS, description="How many months the first fetch goes back, this one counted."
)


class BigQueryLayout(StrEnum):
    """The detailed export as Google writes it, or a view of it in the columns of FOCUS."""

    DETAILED = "DETAILED"
    FOCUS = "FOCUS"


class CostSourceSettings(BaseModel):
    """`place` tells two sources of one organization apart: the same place twice would count every charge twice."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @property
    def place(self) -> str:
        """Empty where the account itself is the place."""
        return ""


def _matching(value: str, form: re.Pattern[str], field: str, words: str) -> str:
    if not form.fullmatch(value):
        raise Invalid(words, path=(field,))
    return value


def _folder(value: str, field: str) -> str:
    """Without slashes at its ends. Raises Invalid for what leads elsewhere."""
    path = value.strip("/")
    if any(part in ("", ".", "..") for part in path.split("/")) or any(ord(letter) < ord(" ") for letter in path):
        raise Invalid("Write the folder like exports/focus, without empty parts and without dots alone.", path=(field,))
    return path


class AwsDataExportSettings(CostSourceSettings):
    """`prefix` is the folder that holds the export's own `data` and `metadata`: prefix and name of the export."""

    bucket: Text = Field(description="Name of the bucket that the export is delivered to.")
    prefix: Text = Field(description="Prefix and name of the export in the bucket, such as exports/focus.")
    region: Text | None = Field(default=None, description="Region of the bucket; left out: where the account is read.")

    @field_validator("bucket")
    @classmethod
    def _is_bucket(cls, value: str) -> str:
        words = "A bucket has 3 to 63 lower-case letters, digits, dots and hyphens: give its name, not its address."
        return _matching(value, BUCKET, "bucket", words)

    @field_validator("prefix")
    @classmethod
    def _is_folder(cls, value: str) -> str:
        return _folder(value, "prefix")

    @field_validator("region")
    @classmethod
    def _is_region(cls, value: str | None) -> str | None:
        return value and _matching(value, REGION, "region", "Write the region like eu-west-1.")

    @property
    def place(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}"


class CostExplorerSettings(CostSourceSettings):
    """Nothing but how far the first fetch goes back: each month costs a few requests."""

    months: int = MONTHS


class AzureExportSettings(CostSourceSettings):
    """`prefix` is directory and name of the export in the container."""

    storage_account: Text = Field(description="Name of the storage account that the export is delivered to.")
    container: Text = Field(description="Name of the container.")
    prefix: Text = Field(description="Directory and name of the export in the container, such as exports/focus.")
    endpoint_url: Text | None = Field(
        default=None, description="Address of the storage account, where it is not <name>.blob.core.windows.net."
    )

    @field_validator("storage_account")
    @classmethod
    def _is_account(cls, value: str) -> str:
        words = "A storage account has 3 to 24 lower-case letters and digits: give its name, not its address."
        return _matching(value, STORAGE_ACCOUNT, "storage_account", words)

    @field_validator("container")
    @classmethod
    def _is_container(cls, value: str) -> str:
        words = "A container has 3 to 63 lower-case letters, digits and single hyphens."
        return _matching(value, CONTAINER, "container", words)

    @field_validator("prefix")
    @classmethod
    def _is_folder(cls, value: str) -> str:
        return _folder(value, "prefix")

    @property
    def place(self) -> str:
        return f"blob://{self.storage_account}/{self.container}/{self.prefix}"


class CostManagementSettings(CostSourceSettings):
    """Nothing but how far the first fetch goes back."""

    months: int = MONTHS


class BigQuerySettings(CostSourceSettings):
    """Queries run in the project of the account; the table may be in another one."""

    project: Text = Field(description="Id of the project that holds the table.")
    dataset: Text = Field(description="Name of the dataset.")
    table: Text = Field(description="Name of the detailed export's table, or of a view in the columns of FOCUS.")
    location: Text | None = Field(default=None, description="Location of the dataset, such as EU; left out: found out.")
    layout: BigQueryLayout = Field(default=BigQueryLayout.DETAILED, description="What the table is.")
    months: int = MONTHS

    @field_validator("project")
    @classmethod
    def _is_project(cls, value: str) -> str:
        return _matching(value, PROJECT, "project", "A project's id has 6 to 30 lower-case letters, digits, hyphens.")

    @field_validator("dataset")
    @classmethod
    def _is_dataset(cls, value: str) -> str:
        return _matching(value, DATASET, "dataset", "A dataset has letters, digits and underscores only.")

    @field_validator("table")
    @classmethod
    def _is_table(cls, value: str) -> str:
        return _matching(value, TABLE, "table", "A table has letters, digits, underscores and hyphens only.")

    @field_validator("location")
    @classmethod
    def _is_location(cls, value: str | None) -> str | None:
        return value and _matching(value, LOCATION, "location", "Write the location like EU or europe-west1.")

    @property
    def place(self) -> str:
        return f"bigquery://{self.project}/{self.dataset}/{self.table}"


class InvoiceSettings(CostSourceSettings):
    """Nothing but how far the first fetch goes back."""

    months: int = MONTHS


class InsightSettings(CostSourceSettings):
    """Nothing but how far the first fetch goes back."""

    months: int = MONTHS


SETTINGS_OF: dict[CostSourceKind, type[CostSourceSettings]] = {
    CostSourceKind.AWS_DATA_EXPORT: AwsDataExportSettings,
    CostSourceKind.AWS_COST_EXPLORER: CostExplorerSettings,
    CostSourceKind.AZURE_EXPORT: AzureExportSettings,
    CostSourceKind.AZURE_COST_MANAGEMENT: CostManagementSettings,
    CostSourceKind.GCP_BIGQUERY: BigQuerySettings,
    CostSourceKind.DIGITALOCEAN_INVOICES: InvoiceSettings,
    CostSourceKind.DIGITALOCEAN_INSIGHTS: InsightSettings,
}


def place_of(kind: CostSourceKind, settings: CostSourceSettings, native_id: str) -> str:
    """What two sources of an organization must not share. `native_id` is the account's."""
    return settings.place or f"{kind.value.lower()}://{native_id}"
