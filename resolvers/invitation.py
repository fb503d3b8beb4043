"""Invitations: send one, send it again, take it back, accept it."""

from datetime import datetime, timedelta
from typing import Annotated, Any

import strawberry
from beanie import PydanticObjectId
from bson import ObjectId
from pymongo.errors import DuplicateKeyError

import documents
from auth.delegation import check_role, permissions_with, require_covers
from auth.password_rules import check_password
from auth.permission import Permission
from auth.standing import Standing
from documents import Role
from documents.audit import acting_as
from documents.invitation import (
    LIFETIME,
    invitation_of,
    mark_resent,
    open_invitation,
    renew_token,
    revoke_invitation,
    take_invitation,
    withdrawn,
)
from documents.member import add_member, is_member
from documents.one_time_token import Purpose, peek_token, spend_token
from documents.organization import lock_members
from documents.page import Keyset
from documents.transaction import Transaction
from documents.user import find_user, mark_verified, normal_email
from domain.errors import Conflict, Forbidden, Invalid, Unauthenticated
from resolvers.authority import authority, still_gives
from resolvers.context import Context, Info
from resolvers.fields import mutation, query
from resolvers.member import custom_role
from resolvers.proof import admit_invitation
from resolvers.provisioning import admit_waiting
from resolvers.session import HASHING, first_session
from schema.connection import DEFAULT_FIRST, After, Connection, First
from schema.directives import Credential
from schema.invitation import (
    AcceptInvitationInput,
    AcceptInvitationPayload,
    Invitation,
    InviteAuditorInput,
    InviteAuditorPayload,
    InviteInput,
    InvitePayload,
    Joined,
    ResendInvitationInput,
    ResendInvitationPayload,
    RevokeInvitationInput,
    RevokeInvitationPayload,
)
from schema.node import local_id
from schema.session import ProviderSignInRequired, Session

WHAT = "What to do it with."
# As long as evidence is kept at least.
LONGEST_AUDIT = timedelta(days=400)
NEWEST_FIRST = Keyset((("created_at", -1),))
AUDITED = {"email", "role", "custom_role_id", "expires_at", "until", "revoked_at"}


@strawberry.type
class InvitationQueries:
    @query(Connection[Invitation], may=Permission.MEMBERS_MANAGE, description="Invitations in reach, newest first.")
    async def invitations(
        self,
        info: Info,
        is_open: Annotated[
            bool, strawberry.argument(description="Only those neither accepted nor taken back.")
        ] = False,
        first: First = DEFAULT_FIRST,
        after: After = None,
    ) -> Any:
        context = info.context
        where = {"accepted_at": None, "revoked_at": None} if is_open else {}
        return await context.ports.pager.page(
            info, documents.Invitation, context.scope, where, NEWEST_FIRST, first=first, after=after
        )


@strawberry.type
class InvitationMutations:
    @mutation(
        InvitePayload,
        may=Permission.MEMBERS_MANAGE,
        audit="invitation.create",
        step_up=True,
        description="Invite somebody by mail. Nobody gives more than they hold. The link works once, for a week.",
    )
    async def invite(self, info: Info, input: Annotated[InviteInput, strawberry.argument(description=WHAT)]) -> Any:
        return await _invited(info.context, input, input.role, input.custom_role_id)

    @mutation(
        InviteAuditorPayload,
        may=Permission.MEMBERS_MANAGE,
        audit="invitation.create_auditor",
        step_up=True,
        description="Invite an auditor by mail: somebody who reads controls, evidence, resources and the audit log "
        "until a day, when that ends by itself; removeMember ends it before. All they read is on record.",
    )
    async def invite_auditor(
        self, info: Info, input: Annotated[InviteAuditorInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context = info.context
        if not context.now() < input.until <= context.now() + LONGEST_AUDIT:
            raise Invalid("The end lies ahead, 400 days from now at most.", path=("input", "until"))
        return await _invited(context, input, Role.AUDITOR, None, input.until)

    @mutation(
        RevokeInvitationPayload,
        may=Permission.MEMBERS_MANAGE,
        audit="invitation.revoke",
        description="Take an invitation back: its link stops working.",
    )
    async def revoke_invitation(
        self, info: Info, input: Annotated[RevokeInvitationInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, id = info.context, local_id("Invitation", input.invitation_id)

        async def change(tx: Transaction) -> documents.Invitation:
            before = await documents.Invitation.get_in(context.scope, id, session=tx.session)
            await authority(context, tx, before.org_id)
            revoked = await revoke_invitation(before, context.now(), tx.session)
            tx.audit(before.org_id, target=f"invitation:{id}", before=_audited(before), after=_audited(revoked))
            return revoked

        return await _row(context, await context.ports.writer.commit(change))

    @mutation(
        ResendInvitationPayload,
        may=Permission.MEMBERS_MANAGE,
        audit="invitation.resend",
        step_up=True,
        description="Send an open invitation once more, for another week. Earlier links stop working.",
    )
    async def resend_invitation(
        self, info: Info, input: Annotated[ResendInvitationInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, id = info.context, local_id("Invitation", input.invitation_id)

        async def change(tx: Transaction) -> documents.Invitation:
            before = await documents.Invitation.get_in(context.scope, id, session=tx.session)
            organization, standing = await authority(context, tx, before.org_id)
            role = await _role_of(context, tx, before)
            require_covers(standing, permissions_with(before.role, role.permissions if role else None))
            sent = await mark_resent(before, context.signed_in.user.own_id, context.now(), tx.session)
            await _send(context, tx, sent, organization)
            tx.audit(before.org_id, target=f"invitation:{id}", before=_audited(before), after=_audited(sent))
            return sent

        return await _row(context, await context.ports.writer.commit(change))

    @mutation(
        AcceptInvitationPayload,
        public="the code of the mail shows whose address it is.",
        audit="invitation.accept",
        directives=(Credential(), HASHING),
        description="Accept an invitation. Who has an account signs in first; who is new gives a name and a password, "
        "and comes in with them.",
    )
    async def accept_invitation(
        self, info: Info, input: Annotated[AcceptInvitationInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, at, secret = info.context, info.context.now(), input.token.get_secret_value()
        expected = await invitation_of(await peek_token(secret, Purpose.INVITATION, at=at))
        user, is_new = await _accepting(context, expected.email, input)

        async def change(tx: Transaction) -> documents.Organization:
            token = await spend_token(secret, Purpose.INVITATION, at=at, session=tx.session)
            invitation = await take_invitation(token, at, tx.session)
            organization = await lock_members(invitation.org_id, tx.session)
            is_late = invitation.until is not None and invitation.until <= at
            if is_late or not await still_gives(invitation, organization, tx):
                raise withdrawn()
            if is_new:
                await user.insert(session=tx.session)
            else:
                await mark_verified(user, at, tx.session)
                await admit_waiting(tx, user.own_id)
            given = invitation.model_dump(include={"role", "custom_role_id", "until"})
            await add_member(invitation.org_id, user.id, given, tx.session)
            with acting_as(f"user:{user.id}"):
                after = {"user_id": str(user.id), **given}
                tx.audit(invitation.org_id, target=f"invitation:{invitation.id}", after=after)
            return organization

        try:
            organization = await context.ports.writer.commit(change)
        except DuplicateKeyError as error:
            raise Conflict("This address has an account by now: sign in, then accept.") from error
        opened = await first_session(context, user, input.delivery) if is_new else None
        return Joined(
            organization=organization,
            session=opened if isinstance(opened, Session) else None,
            provider_sign_in=opened if isinstance(opened, ProviderSignInRequired) else None,
        )


async def _invited(
    context: Context,
    input: InviteInput | InviteAuditorInput,
    given: Role,
    custom_role_id: str | None,
    until: datetime | None = None,
) -> Any:
    org_id, email = PydanticObjectId(context.organization(input.organization_id)), normal_email(input.email)

    async def change(tx: Transaction) -> documents.Invitation:
        organization, standing = await authority(context, tx, org_id)
        role = await custom_role(context, tx, org_id, custom_role_id)
        if until is None:
            check_role(given, organization.kind, is_custom=role is not None)
        require_covers(standing, permissions_with(given, role.permissions if role else None))
        at = context.now()
        await _check_address(context, org_id, standing, email)
        await admit_invitation(context, email)
        invitation = documents.Invitation(
            org_id=org_id,
            user_id=context.signed_in.user.id,
            email=email,
            role=given,
            custom_role_id=role.id if role else None,
            sent_at=at,
            expires_at=at + LIFETIME,
            until=until,
        )
        await open_invitation(invitation, tx.session)
        await _send(context, tx, invitation, organization)
        tx.audit(org_id, target=f"invitation:{invitation.id}", after=_audited(invitation))
        return invitation

    return await _row(context, await context.ports.writer.commit(change))


async def _accepting(context: Context, email: str, input: AcceptInvitationInput) -> tuple[documents.User, bool]:
    """Who accepts an invitation to this address, and whether they are new.

    The code alone lets nobody into an account that exists: whoever made that account may not be whose address it is.
    """
    if context.viewer is not None:
        if context.viewer.user.email != email:
            raise Invalid("This invitation is for another address: sign in with that one.", path=("input", "token"))
        return context.viewer.user, False
    if await find_user(email) is not None:
        raise Unauthenticated("This address has an account: sign in, then accept.")
    if input.name is None or input.password is None:
        raise Invalid("You are new here: choose a name and a password.", path=("input", "password"))
    password = input.password.get_secret_value()
    await check_password(password, email=email, path=("input", "password"))
    hashed = await context.ports.passwords.hash(password)
    new = documents.User(email=email, name=input.name, password_hash=hashed, email_verified_at=context.now())
    return new, True


async def _check_address(context: Context, org_id: PydanticObjectId, standing: Standing, email: str) -> None:
    """Who may not see the members is not told of them: the invitation of one is sent, and changes nothing."""
    if standing.msp_id is not None and email == context.signed_in.user.email:
        raise Forbidden("You work here for the provider: you cannot make yourself a member.")
    if Permission.MEMBERS_READ in standing.permissions and await is_member(org_id, email):
        raise Conflict("This person belongs to the organization already.", path=("input", "email"))


async def _send(
    context: Context, tx: Transaction, invitation: documents.Invitation, organization: documents.Organization
) -> None:
    token = await renew_token(context.ports.one_time_tokens, invitation, invitation.sent_at, tx.session)
    values = {"organization": organization.name, "inviter": context.signed_in.user.name}
    lines = {name: " ".join(value.split()) for name, value in values.items()}
    tx.mail(invitation.email, "invitation", {"token": str(token.id), **lines})


async def _role_of(context: Context, tx: Transaction, invitation: documents.Invitation) -> documents.CustomRole | None:
    if invitation.custom_role_id is None:
        return None
    return await documents.CustomRole.get_in(context.scope, str(invitation.custom_role_id), session=tx.session)


async def _row(context: Context, invitation: documents.Invitation) -> Any:
    id = ObjectId(invitation.id)
    return (await documents.Invitation.rows_by_id(context.scope, [id]))[id]


def _audited(invitation: documents.Invitation) -> dict[str, Any]:
    fields: dict[str, Any] = invitation.model_dump(include=AUDITED)
    return fields
