"""What a button in a channel stands for: signed by us, for one thing of one organization, and for a while."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from auth.signer import Signer

# A message of last week's alert may still be acted on; an older one sends its reader to the product.
LIFETIME = timedelta(days=7)
PURPOSE = "notice action"


@dataclass(frozen=True, slots=True)
class NoticeAction:
    """`name` is what to do ("acknowledge"), `subject` to what ("alert:<id>", "remediation:<id>:<hash of the plan>"), in
    which organization.
    """

    name: str
    subject: str
    org_id: str


class NoticeActions:
    """The first key signs; values of the others are still taken."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._signers = [Signer(key, PURPOSE) for key in keys]

    def seal(self, action: NoticeAction, now: datetime) -> str:
        """The value for a button, under 300 characters."""
        until = int((now + LIFETIME).timestamp())
        return self._signers[0].seal(json.dumps([action.name, action.subject, action.org_id, until]).encode())

    def open(self, value: str, now: datetime) -> NoticeAction | None:
        """What a button stands for; None when it is made up or too old."""
        sealed = next((found for signer in self._signers if (found := signer.open(value)) is not None), None)
        if sealed is None:
            return None
        name, subject, org_id, until = json.loads(sealed)
        return NoticeAction(name, subject, org_id) if now.timestamp() < until else None
