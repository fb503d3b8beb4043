"""What deciding and filing for compliance have in common: who acts, what is known, what is audited."""

from collections.abc import Collection
from typing import Any

from beanie import PydanticObjectId
from bson import ObjectId

from documents.base import TenantDocument
from documents.compliance_settings import controls_in_force
from domain.errors import Conflict, Invalid
from domain.facts.scope import Scope
from resolvers.context import Context
from resolvers.routing import NOT_AUDITED
from schema.node import local_id


def person_of(context: Context) -> PydanticObjectId:
    """Who acts. Raises Forbidden for a machine: whoever decides must be somebody to be asked."""
    return PydanticObjectId(str(context.signed_in.user.id))


def require_another(person: ObjectId, before: ObjectId, what: str) -> None:
    """Raises Conflict where the same person would do both."""
    if person == before:
        raise Conflict(f"Somebody else must {what}.")


async def known_controls(control_ids: Collection[str], field: str, org_id: ObjectId) -> None:
    """Raises Invalid for a control that there is not, or whose bundle the organization has not switched on."""
    unknown = sorted(set(control_ids) - {control.id for control in await controls_in_force(org_id)})
    if unknown:
        raise Invalid(f"There is no such control as {', '.join(unknown)}.", path=("input", field))


def audited(document: TenantDocument) -> dict[str, Any]:
    """The fields as the audit log compares them."""
    fields: dict[str, Any] = document.model_dump(mode="json", exclude=NOT_AUDITED)
    return fields


def within(scope: Scope, organization_id: str | None) -> Scope:
    """The scope, or the one organization of it that was named."""
    return scope if organization_id is None else scope.narrowed(local_id("Organization", organization_id))


def any_of(field: str, values: Collection[Any] | None) -> dict[str, Any]:
    """The filter for one of these; everything when none is given."""
    return {} if values is None else {field: {"$in": [str(value) for value in values]}}
