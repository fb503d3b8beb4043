"""Which resources of which control approved exceptions cover, account by account."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from beanie import PydanticObjectId
from bson import ObjectId

from documents.control_exception import ControlException, exceptions_in_force


@dataclass(frozen=True, slots=True)
class Exempt:
    """What is exempt of one control in one account. `ids` are the exceptions it comes from, sorted."""

    ids: tuple[PydanticObjectId, ...] = ()
    is_everything: bool = False
    resources: frozenset[str] = frozenset()

    def __contains__(self, resource: str) -> bool:
        return self.is_everything or resource in self.resources


@dataclass(frozen=True, slots=True)
class Exemptions:
    """All that is exempt in an organization at one time."""

    exceptions: Sequence[ControlException]

    def of(self, control_id: str, account_id: PydanticObjectId | None) -> Exempt:
        """Of a control in an account; `account_id` None is our own records, which are exempt by name alone."""
        found = [
            one for one in self.exceptions if one.control_id == control_id and one.account_id in (None, account_id)
        ]
        return Exempt(
            ids=tuple(sorted(one.id for one in found if one.id is not None)),
            is_everything=any(one.account_id is not None and not one.resources for one in found),
            resources=frozenset(resource for one in found for resource in one.resources),
        )


async def exemptions_of(org_id: ObjectId, now: datetime) -> Exemptions:
    """What is exempt in an organization now."""
    return Exemptions(await exceptions_in_force(org_id, now))
