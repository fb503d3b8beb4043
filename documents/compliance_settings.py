"""What an organization is held against: frameworks and bundles it has switched on, and parameters it has tightened."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from bson import ObjectId
from pydantic import Field
from pymongo import ASCENDING, IndexModel, ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError

from documents.base import TenantDocument, utc_now
from documents.organization import Organization
from documents.transaction import Transaction
from domain.compliance import registry
from domain.compliance.bundle import Bundle, find_bundle
from domain.compliance.control import Control
from domain.compliance.tightening import in_force
from domain.errors import Conflict


class ComplianceSettings(TenantDocument):
    """`frameworks` and `bundles` are ids; `parameters` are the tenant's own, by control and name.

    `version` 0: nothing was chosen yet, and nothing is stored.
    """

    noun: ClassVar[str] = "compliance settings"

    frameworks: list[str] = Field(default_factory=list)
    bundles: list[str] = Field(default_factory=list)
    parameters: dict[str, dict[str, Any]] = Field(default_factory=dict)
    version: int = 0
    changed_at: datetime | None = None

    class Settings:
        name = "compliance_settings"
        indexes = [IndexModel([("org_id", ASCENDING)], unique=True, name="org")]

    @property
    def chosen(self) -> list[Bundle]:
        """The bundles that are switched on."""
        return [bundle for id in self.bundles if (bundle := find_bundle(id)) is not None]

    @property
    def adopted(self) -> list[str]:
        """Ids of the frameworks that are switched on, by themselves or with a bundle, sorted."""
        return sorted({*self.frameworks, *(id for bundle in self.chosen for id in bundle.frameworks)})

    @property
    def controls(self) -> tuple[Control, ...]:
        """What is judged here: the controls of the catalogue, and the checks of the bundles that are switched on."""
        return registry.controls_with(self.bundles)

    def parameters_of(self, control_id: str, defaults: Mapping[str, Any]) -> dict[str, Any]:
        """By what the control is judged here: the strictest of its own, the bundles' and the tenant's."""
        layers = (*(bundle.parameters for bundle in self.chosen), self.parameters)
        return in_force(control_id, defaults, [layer[control_id] for layer in layers if control_id in layer])


async def compliance_settings(org_id: ObjectId, session: AsyncClientSession | None = None) -> ComplianceSettings:
    """Those of the organization, or the ones everybody begins with."""
    raw = await ComplianceSettings.rows().find_one({"org_id": org_id}, session=session)
    if raw is None:
        return ComplianceSettings(org_id=org_id, created_at=utc_now())
    return ComplianceSettings.stored(raw)


async def parameters_in_force(org_id: ObjectId, session: AsyncClientSession | None = None) -> dict[str, dict[str, Any]]:
    """By what each control is judged in the organization, by its id."""
    settings = await compliance_settings(org_id, session)
    return {control.id: settings.parameters_of(control.id, control.parameters) for control in settings.controls}


async def controls_in_force(org_id: ObjectId, session: AsyncClientSession | None = None) -> tuple[Control, ...]:
    """What is judged in the organization."""
    return (await compliance_settings(org_id, session)).controls


async def change_settings(
    tx: Transaction, current: ComplianceSettings, changes: Mapping[str, Any], expected_version: int | None, at: datetime
) -> ComplianceSettings:
    """The settings with these fields changed. Raises Conflict when they are in another version.

    The audit log is kept as long as the frameworks demand: the organization learns which it must meet.
    """
    if expected_version not in (None, current.version):
        raise _changed()
    fields = {**current.model_dump(include={"frameworks", "bundles", "parameters"}), **changes}
    try:
        raw = await ComplianceSettings.rows().find_one_and_update(
            {"org_id": current.org_id, "version": current.version},
            {
                "$set": {**fields, "changed_at": at, "version": current.version + 1},
                "$setOnInsert": {"created_at": at},
            },
            upsert=current.version == 0,
            return_document=ReturnDocument.AFTER,
            session=tx.session,
        )
    except DuplicateKeyError as error:
        raise _changed() from error
    if raw is None:
        raise _changed()
    changed = ComplianceSettings.stored(raw)
    adopted = {"$set": {"frameworks": changed.adopted}}
    await Organization.get_pymongo_collection().update_one({"_id": current.org_id}, adopted, session=tx.session)
    return changed


def _changed() -> Conflict:
    told = "The compliance settings were changed in the meantime: look at them again."
    return Conflict(told, path=("input", "expectedVersion"))
