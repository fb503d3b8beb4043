"""The credential report of an AWS account, as controls read it."""

import csv

from domain.compliance.answers import Answers, Unread

OPERATION = "iam.get_credential_report"
ROOT = "<root_account>"
# What AWS prints for a moment that there is none of.
NO_MOMENT = frozenset({"N/A", "no_information", "not_supported"})


def credentials(answers: Answers) -> dict[str, dict[str, str]]:
    """The rows by user, the root user's under ROOT, values as AWS prints them.

    Raises Unread without a report, and KeyError for another answer.
    """
    report = answers.answer(OPERATION)
    if report is None:
        raise Unread(OPERATION, "no report was made")
    return {row["user"]: row for row in csv.DictReader(report["Content"].splitlines())}
