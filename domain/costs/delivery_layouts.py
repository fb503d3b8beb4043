"""How AWS and Azure lay down the exports of bills.

Sources: AWS Data Exports User Guide, "Understanding export delivery" (and, for the older reports, "Viewing your report
files"); Cost Management, "Export cost data to a storage account" and its manifest of version 2024-04-01.
"""

import re
from collections.abc import Mapping
from typing import Any

from domain.costs.delivery import Layout


def _of_aws(manifest: Any) -> Mapping[str, int | None]:
    """`dataFiles` are addresses or keys; reports of before call them `reportKeys`."""
    named = manifest.get("dataFiles") or manifest["reportKeys"]
    return {re.sub(r"^s3://[^/]+/", "", str(one)).lstrip("/"): None for one in named}


def _of_azure(manifest: Any) -> Mapping[str, int | None]:
    """Blobs by their name in the container, each with its size."""
    return {str(blob["blobName"]).lstrip("/"): int(blob["byteCount"]) for blob in manifest["blobs"]}


AWS = Layout(
    manifest=re.compile(r"(?P<root>.*?)/?metadata/BILLING_PERIOD=(?P<month>\d{4}-\d{2})/(?P<rest>.*Manifest\.json)"),
    data=re.compile(r"(?P<root>.*?)/?data/BILLING_PERIOD=(?P<month>\d{4}-\d{2})/(?P<rest>.*[^/])"),
    named=_of_aws,
)
AZURE = Layout(
    manifest=re.compile(r"(?P<root>.*?)/?(?P<month>\d{8})-\d{8}/(?P<rest>.*manifest\.json)"),
    data=re.compile(r"(?P<root>.*?)/?(?P<month>\d{8})-\d{8}/(?P<rest>.*[^/])"),
    named=_of_azure,
)
