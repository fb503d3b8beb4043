"""The inventory of data: which store holds what, for what purpose, and for how long."""

from typing import ClassVar

from beanie import PydanticObjectId
from pydantic import Field

from documents.base import TenantDocument
from documents.register_entry import Entry, in_order


class DataStore(TenantDocument, Entry):
    """`place` is where it is, such as an account and a resource. `retention_days` None: kept without a term."""

    noun: ClassVar[str] = "data store"

    name: str
    place: str
    labels: list[str] = Field(default_factory=list)
    owner_id: PydanticObjectId
    purpose: str
    retention_days: int | None = None

    class Settings:
        name = "data_stores"
        indexes = [in_order()]
