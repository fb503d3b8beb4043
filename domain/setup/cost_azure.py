"""How Azure is told to export its bills, and what the application needs to read them.

Source: Cost Management REST reference, Exports - Create Or Update; "Assign an Azure role for access to blob data".
"""

import json

from domain.facts.cost_source_settings import AzureExportSettings, CostManagementSettings
from domain.setup.event_place import plain
from domain.setup.guide import Snippet, lines

READER = "Storage Blob Data Reader"
VERSION = "2023-08-01"


def export(settings: AzureExportSettings) -> tuple[list[str], list[str], list[Snippet]]:
    """A daily export of FOCUS into the container, and the role that reads it."""
    account, container, prefix = plain(settings.storage_account), plain(settings.container), plain(settings.prefix)
    return (
        [
            "Run the commands with az, or apply the Terraform. In the portal it is Cost Management, Exports, Create, "
            "with the type cost and usage details (FOCUS).",
            "Leave file partitioning on: it is what writes the manifest that tells when a delivery is whole.",
            "The commands give the application that the subscription is connected with its role on the container.",
            "Where the storage account has a firewall, let this installation's address in.",
        ],
        [f"{READER} on the container {container}"],
        [
            Snippet("Commands", "cloudwatcher-export.sh", "bash", _commands(account, container, prefix)),
            Snippet("Terraform", "cloudwatcher_export.tf", "hcl", _terraform(account, container)),
        ],
    )


def query(_: CostManagementSettings) -> tuple[list[str], list[str], list[Snippet]]:
    """Nothing is delivered; the application asks."""
    command = (
        'az role assignment create --assignee "$APPLICATION" --role "Cost Management Reader" '
        '--scope "/subscriptions/$SUBSCRIPTION"'
    )
    return (
        [
            "Give the application that the subscription is connected with the role Cost Management Reader, in the "
            "portal under Access control (IAM) of the subscription or with the command.",
            "An export tells more: resources, quantities and prices are not in the answers of the Query interface.",
        ],
        ["Microsoft.CostManagement/query/read"],
        [Snippet("Command", "cloudwatcher-cost-reader.sh", "bash", lines("set -eu", *_given(), command))],
    )


def _given() -> list[str]:
    return ["SUBSCRIPTION=YOUR-SUBSCRIPTION", "APPLICATION=THE-CLIENT-ID-OF-THE-CONNECTION"]


def _commands(account: str, container: str, prefix: str) -> str:
    folder, _, name = prefix.rpartition("/")
    # $STORAGE is put in by the shell.
    properties = {
        "definition": {"type": "FocusCost", "timeframe": "MonthToDate", "dataSet": {"granularity": "Daily"}},
        "deliveryInfo": {
            "destination": {"resourceId": "$STORAGE", "container": container, "rootFolderPath": folder or "exports"}
        },
        "format": "Csv",
        "compressionMode": "gzip",
        "partitionData": True,
        "dataOverwriteBehavior": "OverwritePreviousReport",
        "schedule": {
            "status": "Active",
            "recurrence": "Daily",
            "recurrencePeriod": {"from": "$FROM", "to": "2050-02-01T00:00:00Z"},
        },
    }
    body = json.dumps({"properties": properties}).replace('"', '\\"')
    path = f"Microsoft.CostManagement/exports/{name}?api-version={VERSION}"
    return lines(
        "set -eu",
        *_given(),
        "FROM=$(date -u -d tomorrow +%Y-%m-%dT00:00:00Z)",
        f"STORAGE=$(az storage account show --name {account} --query id --output tsv)",
        f"az storage container create --account-name {account} --name {container} --auth-mode login",
        "az rest --method put \\",
        f'  --url "https://management.azure.com/subscriptions/$SUBSCRIPTION/providers/{path}" \\',
        f'  --body "{body}"',
        f'az role assignment create --assignee "$APPLICATION" --role "{READER}" \\',
        f'  --scope "$STORAGE/blobServices/default/containers/{container}"',
    )


def _terraform(account: str, container: str) -> str:
    container_id = f"${{data.azurerm_storage_account.bills.id}}/blobServices/default/containers/{container}"
    return lines(
        'data "azuread_service_principal" "cloudwatcher" {',
        '  client_id = "THE-CLIENT-ID-OF-THE-CONNECTION"',
        "}",
        'data "azurerm_storage_account" "bills" {',
        f'  name                = "{account}"',
        '  resource_group_name = "YOUR-RESOURCE-GROUP"',
        "}",
        'resource "azurerm_role_assignment" "cloudwatcher_bills" {',
        f'  scope                = "{container_id}"',
        f'  role_definition_name = "{READER}"',
        "  principal_id         = data.azuread_service_principal.cloudwatcher.object_id",
        "}",
    )
