"""How Google Cloud's bills get into BigQuery, and what the service account needs to query them.

Source: "Export Cloud Billing data to BigQuery"; BigQuery "IAM roles and permissions".
"""

from domain.facts.cost_source_settings import BigQuerySettings
from domain.setup.event_place import plain
from domain.setup.guide import Snippet, lines

PERMISSIONS = ["bigquery.jobs.create", "bigquery.tables.get", "bigquery.tables.getData"]


def bigquery(settings: BigQuerySettings) -> tuple[list[str], list[str], list[Snippet]]:
    """The export is switched on in the console; the roles are given by command."""
    project, dataset, table = plain(settings.project), plain(settings.dataset), plain(settings.table)
    return (
        [
            f"In the console, under Billing, Billing export, switch on the detailed usage cost export into the dataset "
            f"{dataset} of {project}. Google offers no command for it. A dataset in the EU or the US also gets the "
            "month before.",
            "Run the commands, or apply the Terraform: the service account may then query in its own project and read "
            "this one table.",
            "Queries are paid by the project of the connected account: each look reads the partitions of the last "
            "months.",
        ],
        PERMISSIONS,
        [
            Snippet("Commands", "cloudwatcher-bigquery.sh", "bash", _commands(project, dataset, table)),
            Snippet("Terraform", "cloudwatcher_bigquery.tf", "hcl", _terraform(project, dataset, table)),
        ],
    )


def _commands(project: str, dataset: str, table: str) -> str:
    member = '--member "serviceAccount:$READER"'
    return lines(
        "set -eu",
        "READER=THE-SERVICE-ACCOUNT-OF-THE-CONNECTION",
        "PROJECT=THE-CONNECTED-PROJECT",
        f'gcloud projects add-iam-policy-binding "$PROJECT" {member} --role roles/bigquery.jobUser',
        f"bq add-iam-policy-binding {member} --role roles/bigquery.dataViewer --table=true {project}:{dataset}.{table}",
    )


def _terraform(project: str, dataset: str, table: str) -> str:
    return lines(
        'variable "reader" {',
        '  description = "E-mail address of the service account of the connection"',
        "}",
        'resource "google_project_iam_member" "cloudwatcher_jobs" {',
        '  project = "THE-CONNECTED-PROJECT"',
        '  role    = "roles/bigquery.jobUser"',
        '  member  = "serviceAccount:${var.reader}"',
        "}",
        'resource "google_bigquery_table_iam_member" "cloudwatcher_bills" {',
        f'  project    = "{project}"',
        f'  dataset_id = "{dataset}"',
        f'  table_id   = "{table}"',
        '  role       = "roles/bigquery.dataViewer"',
        '  member     = "serviceAccount:${var.reader}"',
        "}",
    )
