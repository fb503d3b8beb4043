"""A machine of an organization: what acts with API keys instead of a person's sign-in."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, ClassVar

from bson import ObjectId
from pydantic import Field
from pymongo import ASCENDING, IndexModel, ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import TenantDocument
from domain.errors import NotFound


class ServiceAccount(TenantDocument):
    """`permissions` are values of auth.permission.Permission, sorted; `created_by` is an actor, such as user:<id>."""

    noun: ClassVar[str] = "service account"

    name: str
    description: str = ""
    permissions: list[str] = Field(default_factory=list)
    disabled_at: datetime | None = None
    created_by: str
    version: int = 1

    class Settings:
        name = "service_accounts"
        indexes = [
            IndexModel([("org_id", ASCENDING), ("name", ASCENDING)], unique=True, name="org_name"),
            # The order of the list; see documents/budget.py.
            IndexModel([("org_id", ASCENDING), ("name", ASCENDING), ("_id", ASCENDING)], name="org_name_id"),
        ]


async def enabled_accounts(ids: Collection[ObjectId]) -> dict[ObjectId, ServiceAccount]:
    """Service accounts by id, without those that are gone or disabled. For working out who asks, hence not scoped."""
    rows = ServiceAccount.rows().find({"_id": {"$in": list(ids)}, "disabled_at": None})
    return {raw["_id"]: ServiceAccount.stored(raw) async for raw in rows}


async def change_account(
    account: ServiceAccount, changes: Mapping[str, Any], session: AsyncClientSession
) -> ServiceAccount:
    """The service account with these fields changed and its version raised. Raises NotFound when it has gone."""
    raw = await ServiceAccount.rows().find_one_and_update(
        {"_id": account.id, "org_id": account.org_id},
        {"$set": dict(changes), "$inc": {"version": 1}},
        return_document=ReturnDocument.AFTER,
        session=session,
    )
    if raw is None:
        raise NotFound.of(ServiceAccount.noun)
    return ServiceAccount.stored(raw)


async def remove_account(account: ServiceAccount, session: AsyncClientSession) -> None:
    """Remove the service account itself; its keys are the caller's to remove."""
    await ServiceAccount.rows().delete_one({"_id": account.id, "org_id": account.org_id}, session=session)
