"""IAM's credential report: how each user, and the root user, signs in.

AWS makes a new one every four hours at most, so each row says when its report was made.
"""

import csv
from collections.abc import Mapping
from io import StringIO
from typing import Any

from connectors.clouds.aws import fields
from connectors.reading.listing import Answer, Item, Listing, Place
from domain.facts.resource import Resource, ResourceKind

KIND = ResourceKind.AWS_IAM_CREDENTIALS
# Those that somebody relies on. Source: IAM user guide, "Generate credential reports".
COLUMNS = frozenset(
    {
        "user",
        "arn",
        "user_creation_time",
        "password_enabled",
        "password_last_used",
        "mfa_active",
        "access_key_1_active",
        "access_key_1_last_used_date",
        "access_key_2_active",
        "access_key_2_last_used_date",
    }
)
TRUTHS = {"true": True, "false": False}


def parse_rows(answer: Answer) -> list[dict[str, Any]]:
    """A mapping by column for each row, "true" and "false" as such, with the report's GeneratedTime.

    Other words stay as AWS prints them: N/A, no_information, not_supported. The root user's row is <root_account>.
    Raises ValueError for a report of another shape.
    """
    if answer["ReportFormat"] != "text/csv":
        raise ValueError("a report that is no CSV")
    reader = csv.DictReader(StringIO(answer["Content"], newline=""), strict=True)
    try:
        rows = list(reader)
    except csv.Error as error:
        raise ValueError(f"a broken report: {error}") from error
    if not COLUMNS.issubset(reader.fieldnames or ()):
        raise ValueError("a report that lacks columns")
    if any(None in row or None in row.values() for row in rows):
        raise ValueError("a report with rows of several lengths")
    made = {"GeneratedTime": answer["GeneratedTime"]}
    return [{key: TRUTHS.get(value, value) for key, value in row.items()} | made for row in rows]


def parse_row(item: Item, _: Mapping[str, Any], __: Place) -> Resource:
    """By the ARN of the user. Source: IAM GetCredentialReport."""
    return Resource(
        kind=KIND,
        native_id=item["arn"],
        name=item["user"],
        config=item,
        created_at=fields.utc(item["user_creation_time"]),
    )


REPORT = Listing(
    operation=fields.call("iam.get_credential_report", "iam:GetCredentialReport"),
    items=parse_rows,
    kind=KIND,
    parse=parse_row,
)
LISTINGS = (
    Listing(
        operation=fields.call(
            "iam.generate_credential_report", "iam:GenerateCredentialReport", until=("State", "COMPLETE")
        ),
        items=lambda answer: [answer],
        children=(REPORT,),
    ),
)
