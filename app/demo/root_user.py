"""The root user of a stand-in AWS account, which moto knows nothing of: its row in the report on credentials."""

from datetime import UTC, datetime

from moto.iam.models import IAMBackend

NAME = "<root_account>"
_OFF, _NEVER = "false", "N/A"
_moto_report = IAMBackend.get_credential_report
# By account: when root last signed in. Root of the others never did.
_signed_in: dict[str, datetime] = {}


def sign_in_root(account_id: str, at: datetime) -> None:
    """From here on the report tells that root signed in then."""
    _signed_in[account_id] = at


def forget_root() -> None:
    """Root of no account has signed in."""
    _signed_in.clear()


def add_root_to_reports() -> None:
    """From here on reports of moto in this process have a row of root, as those of AWS have. Safe to repeat."""
    IAMBackend.get_credential_report = _with_root  # type: ignore[method-assign,assignment]  # moto names it self


def _with_root(backend: IAMBackend) -> str:
    head, _, users = _moto_report(backend).partition("\n")
    return f"{head}\n{_row(head, backend.account_id)}\n{users}"


def _row(head: str, account_id: str) -> str:
    """As AWS prints it: root has no report on its password's age.

    Source: IAM user guide, "Getting credential reports for your AWS account".
    """
    at = _signed_in.get(account_id)
    told = {
        "user": NAME,
        "arn": f"arn:aws:iam::{account_id}:root",
        "user_creation_time": "2020-01-01T00:00:00+00:00",
        "password_enabled": "not_supported",
        "password_last_used": "no_information"
        if at is None
        else at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00"),
        "password_last_changed": "not_supported",
        "password_next_rotation": "not_supported",
    }
    return ",".join(told.get(column) or (_OFF if column.endswith("_active") else _NEVER) for column in head.split(","))
