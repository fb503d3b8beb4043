"""Our own records beside those of the account that is judged."""

from typing import Any

from domain.compliance.answers import Unread
from domain.compliance.control import Case
from domain.facts.compliance import Integration


def own_rows(case: Case, operation: str, integration: Integration = Integration.PLATFORM) -> list[Any]:
    """The rows of one of our own operations, as `own_records` has them. Raises Unread where nobody has read them."""
    ours = case.of(integration)
    if not ours:
        raise Unread(operation, "was not read beside this")
    return [row for one in ours for row in one.items(operation)]
