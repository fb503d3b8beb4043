"""How bills are made ready to be fetched: texts that can be run as they are."""

import json
import shutil
import subprocess
from typing import Any

import pytest

from domain.facts.cost_source import CostSourceKind
from domain.setup.cost_setup import CostSetup, cost_setup_of

SETTINGS: dict[CostSourceKind, dict[str, Any]] = {
    CostSourceKind.AWS_DATA_EXPORT: {"bucket": "bills", "prefix": "exports/focus"},
    CostSourceKind.AWS_COST_EXPLORER: {},
    CostSourceKind.AZURE_EXPORT: {"storage_account": "bills", "container": "exports", "prefix": "daily/focus"},
    CostSourceKind.AZURE_COST_MANAGEMENT: {},
    CostSourceKind.GCP_BIGQUERY: {"project": "billing-project", "dataset": "billing", "table": "export_v1"},
    CostSourceKind.DIGITALOCEAN_INVOICES: {},
    CostSourceKind.DIGITALOCEAN_INSIGHTS: {},
}


def setup(kind: CostSourceKind, **changes: str) -> CostSetup:
    return cost_setup_of(kind, SETTINGS[kind] | changes)


def text(made: CostSetup, language: str) -> str:
    return next(one.content for one in made.snippets if one.language == language)


@pytest.mark.parametrize("kind", list(CostSourceKind))
def test_every_kind_has_steps_permissions_and_texts(kind: CostSourceKind) -> None:
    made = setup(kind)

    assert made.steps
    assert made.permissions
    assert made.snippets


@pytest.mark.parametrize("kind", list(CostSourceKind))
def test_commands_are_a_shell_script(kind: CostSourceKind) -> None:
    shell = shutil.which("bash")
    if shell is None:
        pytest.skip("needs bash")
    for snippet in setup(kind).snippets:
        if snippet.language == "bash":
            done = subprocess.run([shell, "-n"], input=snippet.content, text=True, capture_output=True)
            assert done.stderr == ""


def test_the_policy_reads_the_export_and_nothing_else() -> None:
    policy = json.loads(text(setup(CostSourceKind.AWS_DATA_EXPORT), "json"))

    listing, reading = policy["Statement"]
    assert (listing["Action"], listing["Resource"]) == ("s3:ListBucket", "arn:aws:s3:::bills")
    assert listing["Condition"] == {"StringLike": {"s3:prefix": "exports/focus/*"}}
    assert (reading["Action"], reading["Resource"]) == ("s3:GetObject", "arn:aws:s3:::bills/exports/focus/*")


def test_the_export_is_delivered_to_where_it_is_looked_for() -> None:
    made = setup(CostSourceKind.AWS_DATA_EXPORT, prefix="a/b/focus")

    line = next(line for line in text(made, "bash").splitlines() if '"DataQuery"' in line)
    export = json.loads(line.strip().strip("'"))
    destination = export["DestinationConfigurations"]["S3Destination"]
    assert (destination["S3Bucket"], destination["S3Prefix"], export["Name"]) == ("bills", "a/b", "focus")


def test_a_prefix_without_a_folder_gets_the_usual_one() -> None:
    assert '"exports"' in text(setup(CostSourceKind.AWS_DATA_EXPORT, prefix="focus"), "hcl")
    assert "rootFolderPath" in text(setup(CostSourceKind.AZURE_EXPORT, prefix="focus"), "bash")


def test_azure_gets_a_partitioned_export_and_its_reader() -> None:
    commands = text(setup(CostSourceKind.AZURE_EXPORT), "bash")

    assert '\\"partitionData\\": true' in commands
    assert "FocusCost" in commands
    assert "Storage Blob Data Reader" in commands


def test_google_lets_the_reader_see_one_table() -> None:
    commands = text(setup(CostSourceKind.GCP_BIGQUERY), "bash")

    assert "--table=true billing-project:billing.export_v1" in commands
