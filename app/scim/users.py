"""/Users: people come, change and go as their directory says."""

from collections.abc import Sequence
from typing import Any, ClassVar

from scim2_models import InvalidValueException

from app.scim.asked import Asked
from app.scim.filters import USERS
from app.scim.records import Records
from app.scim.resources import User
from documents.scim_access import Change, settle
from documents.scim_group import forget_member, groups_with
from documents.scim_person import attach_person
from documents.scim_user import ScimUser
from documents.transaction import Transaction

# Kept beside, or worked out.
_NOT_KEPT = {"schemas", "id", "meta", "groups"}
LARGEST_USER = 16 * 1024


class Users(Records):
    name = "Users"
    noun = "scim_user"
    model = User
    document = ScimUser
    known: ClassVar = USERS

    async def shown(self, asked: Asked, records: Sequence[ScimUser]) -> list[User]:
        ids = [record.id for record in records if record.id is not None]
        groups = await groups_with(asked.org_id, ids) if ids else []
        return [
            User.model_validate(
                {
                    **record.attributes,
                    "id": str(record.id),
                    "meta": self.meta(asked, record),
                    "groups": [
                        {
                            "value": str(group.id),
                            "$ref": f"{asked.base}/Groups/{group.id}",
                            "display": group.display_name,
                        }
                        for group in groups
                        if record.id in group.member_ids
                    ],
                }
            )
            for record in records
        ]

    async def begin(self, asked: Asked, sent: User, tx: Transaction) -> tuple[ScimUser, list[Change]]:
        record = ScimUser(org_id=asked.org_id, user_name_key="", attributes={})
        if sent.active is None:
            sent.active = True
        _describe(record, sent)
        await attach_person(record, _address(sent), _name(sent), tx.session)
        await record.insert(session=tx.session)
        return record, await settle(asked.org_id, [record], tx.session)

    async def change(self, asked: Asked, record: ScimUser, sent: User, tx: Transaction) -> list[Change]:
        _describe(record, sent)
        await attach_person(record, _address(sent), _name(sent), tx.session)
        await record.save_next(tx.session)
        return await settle(asked.org_id, [record], tx.session)

    async def end(self, asked: Asked, record: ScimUser, tx: Transaction) -> list[Change]:
        assert record.id is not None  # noqa: S101 - it was just read; this tells the type checker
        record.active = False
        changes = await settle(asked.org_id, [record], tx.session)
        await forget_member(asked.org_id, record.id, tx.session)
        await record.remove(tx.session)
        return changes

    def carry(self, wanted: User, present: User) -> None:
        if wanted.active is None:
            wanted.active = present.active

    def audited(self, record: ScimUser) -> dict[str, Any]:
        return {"user_id": str(record.user_id), **record.attributes}


def _describe(record: ScimUser, sent: User) -> None:
    """Take over what was sent. Without an `active` the person stays as they are: nobody gets in by an omission."""
    attributes = {name: value for name, value in sent.model_dump().items() if name not in _NOT_KEPT}
    if len(str(attributes)) > LARGEST_USER:
        raise InvalidValueException(detail="This is more than is kept of a user.")
    record.user_name_key = (sent.user_name or "").lower()
    record.external_id = sent.external_id
    record.active = record.active if sent.active is None else sent.active
    record.emails = [
        {"value": email.value.lower(), "type": str(email.type or "").lower()}
        for email in sent.emails or ()
        if email.value
    ]
    record.attributes = attributes


def _address(sent: User) -> str | None:
    """The address of sign-in: the primary one, else the first, else a userName that is one."""
    emails = sorted((email for email in sent.emails or () if email.value), key=lambda email: not email.primary)
    if emails:
        return str(emails[0].value).lower()
    name = (sent.user_name or "").strip().lower()
    return name if "@" in name[1:-1] and " " not in name else None


def _name(sent: User) -> str:
    name = sent.name
    parts = [] if name is None else [part for part in (name.given_name, name.family_name) if part]
    formatted = None if name is None else name.formatted
    return sent.display_name or formatted or " ".join(parts) or str(sent.user_name)
