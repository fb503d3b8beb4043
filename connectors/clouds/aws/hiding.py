"""What is taken out of AWS's answers before anything of them is kept: values that are secrets, or may be."""

import re
from collections.abc import Callable
from typing import Any

HIDDEN = "hidden"
LOOKS_LIKE_SECRET = "hidden; it looks like a secret"  # noqa: S105 - says that something is one
# Keys of AWS, GitHub, Slack and Stripe, private keys, and addresses with a password in them.
# Sources: AWS IAM "unique identifiers", GitHub "token formats", Slack "token types", Stripe "API keys", RFC 7468.
SECRET = re.compile(
    r"\b(AKIA|ASIA)[A-Z0-9]{16}\b|\bgh[pousr]_\w{20,}|\bxox[abeprs]-|\b[rs]k_live_|-----BEGIN [A-Z ]*PRIVATE KEY"
    r"|://[^/\s:@]+:[^/\s@]+@"
)


def without(*names: str) -> Callable[[Any], Any]:
    """Leaves out the fields of these names wherever they stand in an answer."""

    def hide(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: hide(item) for key, item in value.items() if key not in names}
        return [hide(item) for item in value] if isinstance(value, list) else value

    return hide


def values_of(name: str) -> Callable[[Any], Any]:
    """Keeps the names in the mappings called `name`, and of each value only whether it looks like a secret."""

    def hide(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: _masked(item) if key == name else hide(item) for key, item in value.items()}
        return [hide(item) for item in value] if isinstance(value, list) else value

    return hide


def _masked(variables: Any) -> Any:
    if not isinstance(variables, dict):
        return HIDDEN
    return {key: LOOKS_LIKE_SECRET if SECRET.search(str(value)) else HIDDEN for key, value in variables.items()}
