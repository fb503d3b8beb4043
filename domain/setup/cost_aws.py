"""How AWS is told to export its bills, and what the role needs to read them.

Source: AWS Data Exports User Guide, "Creating data exports" and "Setting up an Amazon S3 bucket for data exports".
"""

import json

from domain.facts.cost_source_settings import AwsDataExportSettings, CostExplorerSettings
from domain.setup.event_place import plain
from domain.setup.guide import Snippet, lines

COLUMNS = (
    "AvailabilityZone, BilledCost, BillingAccountId, BillingAccountName, BillingCurrency, "
    "BillingPeriodEnd, BillingPeriodStart, ChargeCategory, ChargeClass, ChargeDescription, "
    "ChargeFrequency, ChargePeriodEnd, ChargePeriodStart, CommitmentDiscountCategory, "
    "CommitmentDiscountId, CommitmentDiscountName, CommitmentDiscountStatus, CommitmentDiscountType, "
    "ConsumedQuantity, ConsumedUnit, ContractedCost, ContractedUnitPrice, EffectiveCost, "
    "InvoiceIssuerName, ListCost, ListUnitPrice, PricingCategory, PricingQuantity, PricingUnit, "
    "ProviderName, PublisherName, RegionId, RegionName, ResourceId, ResourceName, ResourceType, "
    "ServiceCategory, ServiceName, SkuId, SkuPriceId, SubAccountId, SubAccountName, Tags"
)
SELECT = f"SELECT {COLUMNS} FROM FOCUS_1_0_AWS"  # noqa: S608 - of names that stand above


def data_export(settings: AwsDataExportSettings) -> tuple[list[str], list[str], list[Snippet]]:
    """An export of FOCUS to the bucket, and the policy that reads it."""
    bucket, (folder, name) = plain(settings.bucket), _split(plain(settings.prefix))
    return (
        [
            "Run the commands with the AWS CLI in the account that pays, in us-east-1, or apply the Terraform. An "
            "export that is there already, of FOCUS or of CUR 2.0, does as well.",
            "Give the role or key that the account is connected with the policy.",
            "AWS delivers the first files within 24 hours. Ask its support for the months before.",
        ],
        ["s3:ListBucket", "s3:GetObject"],
        [
            Snippet("Commands", "cloudwatcher-export.sh", "bash", _commands(bucket, folder, name)),
            Snippet("Terraform", "cloudwatcher_export.tf", "hcl", _terraform(bucket, folder, name)),
            Snippet("Policy of the role", "cloudwatcher-export-policy.json", "json", _reader(bucket, settings.prefix)),
        ],
    )


def cost_explorer(_: CostExplorerSettings) -> tuple[list[str], list[str], list[Snippet]]:
    """Nothing is delivered; the role asks."""
    statement: dict[str, object] = {"Effect": "Allow", "Action": "ce:GetCostAndUsage", "Resource": "*"}
    return (
        [
            "Open Cost Explorer once in the billing console; it answers a day later.",
            "Give the role or key that the account is connected with the policy.",
            "Each request costs 0.01 USD: a look takes two or a few more. An export tells more and costs next to none.",
        ],
        ["ce:GetCostAndUsage"],
        [Snippet("Policy of the role", "cloudwatcher-ce-policy.json", "json", _policy(statement))],
    )


def _split(prefix: str) -> tuple[str, str]:
    """The prefix AWS is told, and the name of the export: it puts the one before the other."""
    folder, _, name = prefix.rpartition("/")
    return folder or "exports", name


def _policy(*statements: dict[str, object]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, indent=2) + "\n"


def _reader(bucket: str, prefix: str) -> str:
    arn = f"arn:aws:s3:::{bucket}"
    return _policy(
        {
            "Effect": "Allow",
            "Action": "s3:ListBucket",
            "Resource": arn,
            "Condition": {"StringLike": {"s3:prefix": f"{prefix}/*"}},
        },
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{arn}/{prefix}/*"},
    )


def _writer(bucket: str) -> dict[str, object]:
    services = ["bcm-data-exports.amazonaws.com", "billingreports.amazonaws.com"]
    arn = f"arn:aws:s3:::{bucket}"
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": services},
                "Action": ["s3:PutObject", "s3:GetBucketPolicy"],
                "Resource": [arn, f"{arn}/*"],
            }
        ],
    }


def _export(bucket: str, folder: str, name: str) -> dict[str, object]:
    return {
        "Name": name,
        "DataQuery": {
            "QueryStatement": SELECT,
            "TableConfigurations": {"FOCUS_1_0_AWS": {}},
        },
        "DestinationConfigurations": {
            "S3Destination": {
                "S3Bucket": bucket,
                "S3Prefix": folder,
                "S3Region": "us-east-1",
                "S3OutputConfigurations": {
                    "OutputType": "CUSTOM",
                    "Format": "PARQUET",
                    "Compression": "PARQUET",
                    "Overwrite": "OVERWRITE_REPORT",
                },
            }
        },
        "RefreshCadence": {"Frequency": "SYNCHRONOUS"},
    }


def _commands(bucket: str, folder: str, name: str) -> str:
    return lines(
        "set -eu",
        f"aws s3api create-bucket --region us-east-1 --bucket {bucket}",
        f"aws s3api put-bucket-policy --region us-east-1 --bucket {bucket} --policy '{json.dumps(_writer(bucket))}'",
        "aws bcm-data-exports create-export --region us-east-1 --export \\",
        f"  '{json.dumps(_export(bucket, folder, name))}'",
    )


def _terraform(bucket: str, folder: str, name: str) -> str:
    return lines(
        'resource "aws_s3_bucket" "cloudwatcher_export" {',
        f'  bucket = "{bucket}"',
        "}",
        'resource "aws_s3_bucket_policy" "cloudwatcher_export" {',
        "  bucket = aws_s3_bucket.cloudwatcher_export.id",
        f"  policy = jsonencode({json.dumps(_writer(bucket))})",
        "}",
        'resource "aws_bcmdataexports_export" "cloudwatcher" {',
        "  depends_on = [aws_s3_bucket_policy.cloudwatcher_export]",
        "  export {",
        f'    name = "{name}"',
        "    data_query {",
        f'      query_statement      = "{SELECT}"',
        "      table_configurations = { FOCUS_1_0_AWS = {} }",
        "    }",
        "    destination_configurations {",
        "      s3_destination {",
        f'        s3_bucket = "{bucket}"',
        f'        s3_prefix = "{folder}"',
        '        s3_region = "us-east-1"',
        "        s3_output_configurations {",
        '          output_type = "CUSTOM"',
        '          format      = "PARQUET"',
        '          compression = "PARQUET"',
        '          overwrite   = "OVERWRITE_REPORT"',
        "        }",
        "      }",
        "    }",
        "    refresh_cadence {",
        '      frequency = "SYNCHRONOUS"',
        "    }",
        "  }",
        "}",
    )
