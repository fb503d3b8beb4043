"""Who somebody is that a provider has signed in: the account they own, made or linked where that is safe."""

from beanie import PydanticObjectId
from bson import ObjectId
from pymongo.errors import DuplicateKeyError

import documents
from documents import OrganizationKind, Role
from documents.audit import INSTALLATION, acting_as
from documents.base import utc_now
from documents.external_identity import (
    account_by_email,
    account_by_id,
    find_identity,
    link,
    note_used,
    unlink,
)
from documents.identity_provider import IdentityProvider, providers_of_domain
from documents.member import ADMINISTRATORS, change_member, find_membership, has_administrator, is_administrator
from documents.organization import load_organizations, lock_members
from documents.transaction import Transaction
from documents.user import mark_verified
from documents.verified_domain import owner_of_domain
from domain.errors import Conflict
from domain.identity.identity import Identity, domain_of
from domain.identity.refusal import SignInProblem, SignInRefused
from resolvers.context import Context
from resolvers.provisioning import admit_waiting
from resolvers.session import audit_about


async def admit(context: Context, identity: Identity, key: str, provider: IdentityProvider | None) -> documents.User:
    """The account of this identity, which `key` vouches for; `provider` is the organization's, None for one that is
    everybody's. What the provider says of roles is applied.

    Raises SignInRefused when there is none and none may be made or linked.
    """
    organizations = await load_organizations([str(provider.org_id)]) if provider else []
    is_msp = bool(organizations) and organizations[0].kind is OrganizationKind.MSP

    async def change(tx: Transaction) -> tuple[documents.User, bool]:
        user = await _linked(tx, context, identity) or await _newly_linked(tx, identity, key, provider)
        await _check(tx, user, provider)
        await _note_proof(tx, context, user, identity)
        changed = provider is not None and await _settle(tx, user, provider, identity, is_msp=is_msp)
        return user, changed

    try:
        user, changed = await context.ports.writer.commit(change)
    except DuplicateKeyError as error:
        raise Conflict("Somebody has signed in with this at the same moment. Try again.") from error
    if changed:
        context.ports.revocations.announce(f"user:{user.id}")
    return user


async def _linked(tx: Transaction, context: Context, identity: Identity) -> documents.User | None:
    found = await find_identity(identity.issuer, identity.subject, tx.session)
    if found is None:
        return None
    user = await account_by_id(found.user_id, tx.session)
    if user is None:
        # The account is gone; who comes now may have a new one.
        await unlink(ObjectId(str(found.id)), tx.session)
        return None
    await note_used(found, context.now(), tx.session)
    with acting_as(f"user:{found.user_id}"):
        await audit_about(tx, found.user_id, target=f"identity:{found.id}", after={"used": True})
    return user


async def _newly_linked(
    tx: Transaction, identity: Identity, key: str, provider: IdentityProvider | None
) -> documents.User:
    """The account of the identity's address, if that is proven; else a fresh one, where the provider may make some."""
    email = await _proven_address(tx, identity, provider)
    user = await account_by_email(email, tx.session)
    if user is None:
        user = await _made(tx, identity, email, provider)
    elif user.email_verified_at is None:
        # Whoever made it need not own the address: they could be waiting for its owner to come in.
        raise SignInRefused(
            SignInProblem.LINK_REQUIRED,
            "There is an account with your address that nobody has verified. Reset its password, which sends mail to "
            "you, then sign in again.",
        )
    made = await link(user.id, key, identity, tx.session)
    after = {"issuer": identity.issuer, "subject": identity.subject, "user": str(user.id)}
    org_id = provider.org_id if provider else None
    with acting_as(f"user:{user.id}"):
        if org_id is None:
            await audit_about(tx, PydanticObjectId(str(user.id)), target=f"identity:{made.id}", after=after)
        else:
            tx.audit(org_id, target=f"identity:{made.id}", after=after)
    return user


async def _proven_address(tx: Transaction, identity: Identity, provider: IdentityProvider | None) -> str:
    email = identity.email
    if email is None:
        raise SignInRefused(
            SignInProblem.EMAIL_MISSING,
            "Your identity provider does not tell your address. Sign in otherwise and link it, or have it tell.",
        )
    if not identity.is_email_proven:
        raise SignInRefused(
            SignInProblem.EMAIL_NOT_PROVEN,
            "Your provider does not vouch for your address. Verify it there, or sign in otherwise and link it.",
        )
    if provider is not None and await owner_of_domain(domain_of(email), tx.session) != provider.org_id:
        raise _wrong_domain()
    return email


async def _made(tx: Transaction, identity: Identity, email: str, provider: IdentityProvider | None) -> documents.User:
    if provider is not None and not provider.creates_members:
        raise SignInRefused(
            SignInProblem.NOT_INVITED,
            "You are not a member yet. Ask an administrator of your organization to invite you.",
        )
    user = documents.User(email=email, name=identity.name, email_verified_at=utc_now())
    await user.insert(session=tx.session)
    tx.audit(provider.org_id if provider else INSTALLATION, target=f"user:{user.id}", after={"origin": "provider"})
    return user


async def _check(tx: Transaction, user: documents.User, provider: IdentityProvider | None) -> None:
    """Whether this provider may bring this person in."""
    if user.deactivated_at is not None:
        raise SignInRefused(SignInProblem.DEACTIVATED, "This account is deactivated.")
    domain = domain_of(user.email)
    if provider is not None:
        # It speaks for the people of its organization only, also where others have linked it.
        if await owner_of_domain(domain, tx.session) != provider.org_id:
            raise _wrong_domain()
        return
    enforced = [one for one in await providers_of_domain(domain, tx.session) if one.is_enforced]
    if enforced:
        raise SignInRefused(
            SignInProblem.OTHER_PROVIDER, f"People of {domain} sign in with {enforced[0].name}. Choose it instead."
        )


async def _note_proof(tx: Transaction, context: Context, user: documents.User, identity: Identity) -> None:
    """Whoever is linked already, and whose present address the provider vouches for, has proven it."""
    if user.email_verified_at is None and identity.is_email_proven and identity.email == user.email:
        await mark_verified(user, context.now(), tx.session)
        await admit_waiting(tx, user.own_id)


def _wrong_domain() -> SignInRefused:
    return SignInRefused(
        SignInProblem.WRONG_DOMAIN,
        "This identity provider vouches only for addresses in the verified domains of its organization.",
    )


async def _settle(
    tx: Transaction, user: documents.User, provider: IdentityProvider, identity: Identity, *, is_msp: bool
) -> bool:
    """Make or keep the membership as the provider says; whether anything changed."""
    user_id = PydanticObjectId(str(user.id))
    role, custom_role_id = provider.role_of(identity.claims)
    if role is Role.MSP_ADMIN and not is_msp:
        role, custom_role_id = Role.USER, None
    found = await find_membership(provider.org_id, user_id, tx.session)
    wanted = {"role": role, "custom_role_id": custom_role_id}
    if found is None:
        if not provider.creates_members:
            return False
        made = documents.Membership(user_id=user_id, org_id=provider.org_id, origin=provider.origin, **wanted)
        await made.insert(session=tx.session)
        tx.audit(provider.org_id, target=f"membership:{made.id}", after=wanted)
        return True
    before = {"role": found.role, "custom_role_id": found.custom_role_id}
    if found.origin != provider.origin or before == wanted:
        return False
    await lock_members(provider.org_id, tx.session)
    if role not in ADMINISTRATORS and await _is_last(tx, found):
        return False
    await change_member(found, wanted, tx.session)
    tx.audit(provider.org_id, target=f"membership:{found.id}", before=before, after=wanted)
    return True


async def _is_last(tx: Transaction, member: documents.Membership) -> bool:
    """The last administrator comes in as such whatever the provider says."""
    return is_administrator(member) and not await has_administrator(member.org_id, tx.session, but=member.user_id)
