"""Who holds what, worked out from what is stored."""

from datetime import timedelta
from typing import Any

import pytest

import documents
from app.wiring import Backend
from auth.authentication import Subject
from auth.permission import PERMISSIONS_OF, Permission
from auth.standing import Standing
from auth.standings import NEEDS_FACTOR, load_known, load_standings_of, standing_without_session, still_open
from documents import AuthMethod, OrganizationKind, Role
from documents.base import utc_now
from tests.factories.tenant import Tenant, add_member, make_session, make_subject, make_tenant


async def held(subject: Subject) -> dict[str, Standing]:
    return dict((await load_standings_of([subject]))[subject])


async def change_organization(tenant: Tenant, **fields: Any) -> None:
    collection = documents.Organization.get_pymongo_collection()
    await collection.update_one({"_id": tenant.organization.id}, {"$set": fields})


async def test_a_member_holds_what_the_role_gives(backend: Backend) -> None:
    tenant = await make_tenant(backend, role=Role.USER)

    standings = await held(await make_subject(tenant))

    assert standings == {tenant.org_id: Standing(Role.USER, PERMISSIONS_OF[Role.USER])}


async def test_a_session_of_another_person_gives_nothing(backend: Backend) -> None:
    tenant, other = await make_tenant(backend), await make_tenant(backend)
    session = await make_session(other.user)
    subject = Subject(f"user:{tenant.user.id}", str(session.id))

    assert await held(subject) == {}
    assert await load_known([subject]) == {}


@pytest.mark.parametrize("field", ["ended_at", "expires_at"])
async def test_a_session_that_is_over_gives_nothing(backend: Backend, field: str) -> None:
    tenant = await make_tenant(backend)
    over, going = await make_subject(tenant), await make_subject(tenant)
    sessions = documents.Session.get_pymongo_collection()
    past = utc_now() - timedelta(seconds=1)
    ids = [row["_id"] async for row in sessions.find({"user_id": tenant.user.id})]
    (id,) = [id for id in ids if str(id) == over.session_id]

    await sessions.update_one({"_id": id}, {"$set": {field: past}})

    assert await held(over) == {}
    assert await still_open([over, going]) == {going}


async def test_a_deactivated_person_holds_nothing(backend: Backend) -> None:
    tenant = await make_tenant(backend)
    subject = await make_subject(tenant)

    await documents.User.get_pymongo_collection().update_one(
        {"_id": tenant.user.id}, {"$set": {"deactivated_at": utc_now()}}
    )

    assert await held(subject) == {}


async def test_a_deleted_organization_is_held_by_nobody(backend: Backend) -> None:
    tenant = await make_tenant(backend)
    subject = await make_subject(tenant)

    await change_organization(tenant, deleted_at=utc_now())

    assert await held(subject) == {}


async def test_where_a_second_factor_is_required_nothing_may_be_done_without_one(backend: Backend) -> None:
    tenant = await make_tenant(backend)
    without = await make_subject(tenant)
    with_one = Subject(without.actor, str((await make_session(tenant.user, AuthMethod.PASSWORD, AuthMethod.TOTP)).id))

    await change_organization(tenant, requires_second_factor=True)

    assert await held(without) == {tenant.org_id: Standing(Role.ADMIN, frozenset(), blocked=NEEDS_FACTOR)}
    assert await held(with_one) == {tenant.org_id: Standing(Role.ADMIN, PERMISSIONS_OF[Role.ADMIN])}


async def test_sessions_of_before_a_cut_off_hold_nothing(backend: Backend) -> None:
    tenant = await make_tenant(backend)
    before = await make_subject(tenant)
    await change_organization(tenant, sessions_valid_from=utc_now() + timedelta(milliseconds=1))

    later = await make_session(tenant.user)
    collection = documents.Session.get_pymongo_collection()
    await collection.update_one({"_id": later.id}, {"$set": {"authenticated_at": utc_now() + timedelta(seconds=1)}})

    assert await held(before) == {}
    assert set(await held(Subject(before.actor, str(later.id)))) == {tenant.org_id}


async def test_a_membership_has_a_cut_off_of_its_own(backend: Backend) -> None:
    tenant = await make_tenant(backend)
    before = await make_subject(tenant)
    cut_off = {"$set": {"sessions_valid_from": utc_now() + timedelta(seconds=1)}}

    await documents.Membership.get_pymongo_collection().update_one({"user_id": tenant.user.id}, cut_off)

    assert await held(before) == {}


async def test_a_custom_role_replaces_what_the_role_gives(backend: Backend) -> None:
    tenant, other = await make_tenant(backend), await make_tenant(backend)
    names = [Permission.COSTS_READ.value, Permission.BUDGETS_WRITE.value]
    ours = await documents.CustomRole(org_id=tenant.organization.id, name="Buyer", permissions=names).add()
    theirs = await documents.CustomRole(org_id=other.organization.id, name="Buyer", permissions=names).add()
    held_by_role = {}

    for role in (ours, theirs):
        member = await add_member(backend, tenant.organization, Role.USER)
        change = {"$set": {"custom_role_id": role.id}}
        await documents.Membership.get_pymongo_collection().update_one({"user_id": member.user.id}, change)
        held_by_role[role.id] = (await held(await make_subject(member)))[tenant.org_id].permissions

    assert held_by_role[ours.id] == {Permission.COSTS_READ, Permission.BUDGETS_WRITE}
    assert held_by_role[theirs.id] == frozenset()


class Provider:
    """A provider with two clients, a stranger, and an administrator who works nowhere yet."""

    def __init__(self, msp: Tenant, clients: list[Tenant], stranger: Tenant) -> None:
        self.msp, self.clients, self.stranger = msp, clients, stranger

    async def enter(self, *tenants: Tenant, **fields: Any) -> None:
        defaults: dict[str, Any] = {"reason": "a test", "expires_at": utc_now() + timedelta(hours=1)}
        await documents.ClientAccess(
            user_id=self.msp.user.id,
            msp_id=self.msp.organization.id,
            client_ids=[tenant.organization.id for tenant in tenants] or None,
            **{**defaults, **fields},
        ).insert()


@pytest.fixture
async def provider(backend: Backend) -> Provider:
    msp = await make_tenant(backend, role=Role.MSP_ADMIN, kind=OrganizationKind.MSP)
    await documents.ClientAccess.get_pymongo_collection().delete_many({"user_id": msp.user.id})
    clients = [await make_tenant(backend, managed_by=msp) for _ in range(2)]
    return Provider(msp, clients, await make_tenant(backend))


async def test_a_providers_administrator_holds_nothing_in_clients_without_entering(provider: Provider) -> None:
    assert set(await held(await make_subject(provider.msp))) == {provider.msp.org_id}


async def test_entering_a_client_gives_the_administrators_rights_there_and_says_for_whom(provider: Provider) -> None:
    client = provider.clients[0]
    await provider.enter(client)

    standings = await held(await make_subject(provider.msp))

    assert set(standings) == {provider.msp.org_id, client.org_id}
    assert standings[client.org_id] == Standing(Role.ADMIN, PERMISSIONS_OF[Role.ADMIN], msp_id=provider.msp.org_id)


async def test_entering_all_clients_includes_those_that_come_later(provider: Provider, backend: Backend) -> None:
    await provider.enter()
    late = await make_tenant(backend, managed_by=provider.msp)

    standings = await held(await make_subject(provider.msp))

    assert set(standings) == {one.org_id for one in (provider.msp, *provider.clients, late)}


@pytest.mark.parametrize("over", [{"expires_at": -1}, {"ended_at": -1}], ids=["expired", "left"])
async def test_a_stay_that_is_over_gives_nothing(provider: Provider, over: dict[str, int]) -> None:
    await provider.enter(**{name: utc_now() + timedelta(minutes=ago) for name, ago in over.items()})

    assert set(await held(await make_subject(provider.msp))) == {provider.msp.org_id}


async def test_a_stay_in_a_company_that_is_no_client_gives_nothing(provider: Provider) -> None:
    await provider.enter(provider.stranger)

    assert set(await held(await make_subject(provider.msp))) == {provider.msp.org_id}


async def test_a_stay_ends_with_the_role(provider: Provider) -> None:
    await provider.enter()
    demoted = {"$set": {"role": Role.ADMIN.value}}
    await documents.Membership.get_pymongo_collection().update_one({"user_id": provider.msp.user.id}, demoted)

    assert set(await held(await make_subject(provider.msp))) == {provider.msp.org_id}


async def without_session(person: Tenant, place: Tenant) -> Standing | None:
    assert place.organization.id is not None
    return await standing_without_session(person.user, place.organization.id, utc_now())


async def test_who_comes_without_a_session_holds_what_the_role_gives_and_nothing_elsewhere(backend: Backend) -> None:
    tenant, other = await make_tenant(backend, role=Role.USER), await make_tenant(backend)

    assert await without_session(tenant, tenant) == Standing(Role.USER, PERMISSIONS_OF[Role.USER])
    assert await without_session(tenant, other) is None


async def test_without_a_session_there_is_no_second_factor_to_show(backend: Backend) -> None:
    tenant = await make_tenant(backend)

    await change_organization(tenant, requires_second_factor=True)

    assert await without_session(tenant, tenant) == Standing(Role.ADMIN, frozenset(), blocked=NEEDS_FACTOR)


async def test_without_a_session_a_stay_gives_what_it_gives_with_one(provider: Provider) -> None:
    client = provider.clients[0]
    await provider.enter(client)

    standing = await without_session(provider.msp, client)

    assert standing == Standing(Role.ADMIN, PERMISSIONS_OF[Role.ADMIN], msp_id=provider.msp.org_id)


async def test_without_a_session_a_provider_that_asks_for_a_second_factor_closes_its_clients_too(
    provider: Provider,
) -> None:
    await provider.enter(provider.clients[0])

    await change_organization(provider.msp, requires_second_factor=True)

    assert await without_session(provider.msp, provider.clients[0]) is None
