"""Where and of when a pack is gathered, and what accounts and people are called in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from beanie import PydanticObjectId
from bson import ObjectId

from documents.user import Person, people_by_id


@dataclass(frozen=True, slots=True)
class Place:
    """`names` are the accounts' by id; `people` the addresses of those who were looked for already."""

    org_id: PydanticObjectId
    first: datetime
    until: datetime
    folder: Path
    names: Mapping[object, str]
    people: dict[ObjectId, str] = field(default_factory=dict)

    def account(self, id: ObjectId | None, otherwise: str) -> str:
        """What an account is called; `otherwise` where none is named."""
        return otherwise if id is None else self.names.get(id, "former account")

    async def person(self, id: ObjectId | None) -> str:
        """The address of somebody; who is gone has none, and their id says who it was."""
        if id is None:
            return ""
        if id not in self.people:
            person = (await people_by_id([id])).get(id) or Person.gone(id)
            self.people[id] = person.email or f"{person.name} ({id})"
        return self.people[id]
