"""What a review of access has decided, row by row, for controls that look whether it was done."""

from datetime import datetime
from typing import Any, TypedDict

from domain.compliance.answers import NotOffered
from domain.compliance.control import Case
from domain.facts.access_review import AccessDecision
from domain.facts.compliance import Integration

# The catalogue names no call for it. Its pages are lists of ReviewedAccess.
OPERATION = "platform:access_review_items"
REVOKE = AccessDecision.REVOKE.value


class ReviewedAccess(TypedDict):
    """One access of the last completed review of its account. `integration` is an Integration's value, `account` the
    native id. `thing` is an app's id in Okta and owner/name of a repository in GitHub, "" for the organization;
    `person` a user's id in Okta and a login in GitHub. `decision` is an AccessDecision, made at
    `decided_at`; `listed_at` is when that was read which the review took down who had access from.
    """

    campaign: str
    integration: str
    account: str
    thing: str
    person: str
    decision: str
    decided_at: datetime
    listed_at: datetime


def reviewed(case: Case) -> list[Any]:
    """The rows of the account that is judged. Raises NotOffered where no review has listed it, and Unread."""
    found = case.of(Integration.PLATFORM)
    rows = [row for answers in found for row in answers.items(OPERATION)]
    wanted = (case.answers.integration.value, case.answers.account)
    own = [row for row in rows if (row["integration"], row["account"]) == wanted]
    if not own:
        raise NotOffered(OPERATION, "no completed review has listed this account")
    return own
