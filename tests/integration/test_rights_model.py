"""Whatever happens to members, roles, invitations and stays, in any order: the graph and a small model agree.

After each step every person asks for a handful of fields about every organization, and hears what the model says.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import hypothesis
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

import documents
from app.wiring import Backend
from auth.token import TokenIssuer
from documents import OrganizationKind, Role
from documents.base import utc_now
from schema.node import local_id
from tests.factories.graph import Graph
from tests.factories.rights import act, invitation_code, member_id
from tests.factories.tenant import Tenant, make_session, make_tenant
from tests.integration.rights_model import CLIENT, MSP, ORGANIZATIONS, PEOPLE, Place, Rights

T = TypeVar("T")
ASKED = {
    "alerts:read": "query($id: ID) { alerts(filter: {organizationId: $id}) { totalCount } }",
    "accounts:read": "query($id: ID) { accounts(organizationId: $id) { totalCount } }",
    "members:read": "query($id: ID) { members(filter: {organizationId: $id}) { totalCount } }",
}
NAMES = ("Buyer", "Keeper")
POOL = (
    "alerts:read",
    "accounts:read",
    "members:read",
    "members:manage",
    "roles:manage",
    "costs:read",
    "clients:read",
)
# Each step asks thirty questions, so examples are few; `make nightly` has twenty times as many.
STEPS, FRACTION = 15, 20
person, organization = st.sampled_from(PEOPLE), st.sampled_from(ORGANIZATIONS)
# Those who begin with rights, more often than others: else most that is tried is refused.
actor = st.one_of(st.sampled_from(("boss", "chief")), person)
role, custom = st.sampled_from(Role), st.sampled_from((None, *NAMES))
permissions = st.frozensets(st.sampled_from(POOL), min_size=1, max_size=4)


class House:
    """The same people and organizations in the store, and how they ask."""

    def __init__(self, backend: Backend, graph: Graph) -> None:
        self.backend, self.graph = backend, graph
        self.people: dict[str, Tenant] = {}
        self.organizations: dict[str, Tenant] = {}
        self.sessions: dict[str, str] = {}
        self.roles: dict[tuple[str, str], str] = {}
        self.offers: dict[tuple[str, str], str] = {}

    async def open(self) -> None:
        boss = await make_tenant(self.backend, kind=OrganizationKind.MSP, role=Role.MSP_ADMIN)
        await documents.ClientAccess.get_pymongo_collection().delete_many({"user_id": boss.user.id})
        chief = await make_tenant(self.backend, managed_by=boss)
        others = [await make_tenant(self.backend) for _ in PEOPLE[2:]]
        await documents.Membership.rows().delete_many({"user_id": {"$in": [one.user.id for one in others]}})
        self.people = dict(zip(PEOPLE, (boss, chief, *others), strict=True))
        self.organizations = {MSP: boss, CLIENT: chief}
        self.sessions = {who: str((await make_session(one.user)).id) for who, one in self.people.items()}

    def token(self, who: str) -> str:
        """A new one each time, so that what is remembered of an older one for a second does not blur the answers."""
        settings, keys = self.backend.settings, self.backend.keys
        issuer = TokenIssuer(keys.signing, issuer=settings.public_url, lifetime=settings.access_token_lifetime)
        user_id = str(self.people[who].user.id)
        return issuer.issue(user_id, utc_now(), session_id=self.sessions[who])[0]

    async def member(self, who: str, org: str) -> str:
        user, organization = self.people[who].user, self.organizations[org].organization
        return await member_id(Tenant(organization=organization, user=user, token=""))

    async def act(self, who: str, name: str, /, **input: Any) -> dict[str, Any]:
        return await act(self.graph, self.token(who), name, **input)

    async def ask(self, who: str, org: str, permission: str) -> str | None:
        body = await self.graph.send(ASKED[permission], self.token(who), id=self.organizations[org].global_id)
        return body["errors"][0]["extensions"]["code"] if body.get("errors") else None

    async def ask_all(self) -> dict[tuple[str, str, str], str | None]:
        cells = [(who, org, permission) for who in PEOPLE for org in ORGANIZATIONS for permission in ASKED]
        return dict(zip(cells, await asyncio.gather(*(self.ask(*cell) for cell in cells)), strict=True))


class Changes(RuleBasedStateMachine):
    """Its steps run on the loop of the servers, while it waits in a thread of its own."""

    backend: Backend
    graph: Graph
    loop: asyncio.AbstractEventLoop

    def __init__(self) -> None:
        super().__init__()
        self.model = Rights(places={("boss", MSP): Place(Role.MSP_ADMIN), ("chief", CLIENT): Place(Role.ADMIN)})
        self.house = House(self.backend, self.graph)

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(timeout=60)

    def step(self, expected: bool, who: str, name: str, /, **input: Any) -> dict[str, Any]:
        answer = self.wait(self.house.act(who, name, **input))
        assert ("code" not in answer) is expected, (who, name, answer)
        return answer

    def place(self, org: str, role: Role, custom: str | None) -> tuple[Place, dict[str, Any]]:
        """The place, and how the graph is asked for it; a custom role that is not there is left out."""
        known = custom if custom and (org, custom) in self.model.roles else None
        fields = {"role": role.value, "customRoleId": self.house.roles[org, known] if known else None}
        return Place(role, known), fields

    @initialize()
    def open(self) -> None:
        self.wait(self.house.open())

    @invariant()
    def everybody_hears_what_the_model_says(self) -> None:
        if not self.house.people:
            return
        said = self.wait(self.house.ask_all())
        assert said == {cell: self.model.says(*cell) for cell in said}

    @rule(who=actor, org=organization, whom=person, role=role, custom=custom)
    def invite(self, who: str, org: str, whom: str, role: Role, custom: str | None) -> None:
        place, fields = self.place(org, role, custom)
        expected = self.model.invite(who, org, whom, place)
        email = self.house.people[whom].user.email
        where = self.house.organizations[org].global_id
        answer = self.step(expected, who, "invite", organizationId=where, email=email, **fields)
        if expected:
            self.house.offers[whom, org] = local_id("Invitation", answer["invitation"]["id"])

    @precondition(lambda self: self.model.offers)
    @rule(data=st.data())
    def accept(self, data: st.DataObject) -> None:
        who, org = data.draw(st.sampled_from(sorted(self.model.offers)))
        code = self.wait(invitation_code(self.backend, self.house.offers[who, org]))
        self.model.accept(org, who)
        self.step(True, who, "acceptInvitation", token=code)

    @rule(who=actor, data=st.data(), role=role, custom=custom)
    def change_role(self, who: str, data: st.DataObject, role: Role, custom: str | None) -> None:
        whom, org = data.draw(st.sampled_from(sorted(self.model.places)))
        place, fields = self.place(org, role, custom)
        member = self.wait(self.house.member(whom, org))
        expected = self.model.change_role(who, org, whom, place.role, place.custom)
        self.step(expected, who, "changeRole", memberId=member, **fields)

    @rule(who=actor, data=st.data(), verb=st.sampled_from(("removeMember", "deactivateMember", "reactivateMember")))
    def take_or_give_back(self, who: str, data: st.DataObject, verb: str) -> None:
        whom, org = data.draw(st.sampled_from(sorted(self.model.places)))
        member = self.wait(self.house.member(whom, org))
        if verb == "removeMember":
            expected = self.model.remove(who, org, whom)
        else:
            expected = self.model.activate(who, org, whom, is_active=verb == "reactivateMember")
        self.step(expected, who, verb, memberId=member)

    @rule(who=actor, org=organization, name=st.sampled_from(NAMES), allows=permissions)
    def make_or_change_custom_role(self, who: str, org: str, name: str, allows: frozenset[str]) -> None:
        fields: dict[str, Any] = {"name": name, "permissions": sorted(allows)}
        known = self.house.roles.get((org, name)) if (org, name) in self.model.roles else None
        expected = self.model.set_custom(who, org, name, allows)
        if known is not None:
            self.step(expected, who, "updateCustomRole", roleId=known, **fields)
            return
        where = self.house.organizations[org].global_id
        answer = self.step(expected, who, "createCustomRole", organizationId=where, **fields)
        if expected:
            self.house.roles[org, name] = answer["role"]["id"]

    @precondition(lambda self: self.model.roles)
    @rule(who=actor, data=st.data())
    def delete_custom_role(self, who: str, data: st.DataObject) -> None:
        org, name = data.draw(st.sampled_from(sorted(self.model.roles)))
        expected = self.model.drop_custom(who, org, name)
        self.step(expected, who, "deleteCustomRole", roleId=self.house.roles[org, name])

    @rule(who=actor)
    def enter(self, who: str) -> None:
        fields = {"organizationId": self.house.organizations[MSP].global_id, "reason": "a look", "minutes": 5}
        clients = [self.house.organizations[CLIENT].global_id]
        self.step(self.model.enter(who), who, "enterClients", clientIds=clients, **fields)

    @rule(who=actor)
    def leave(self, who: str) -> None:
        self.step(self.model.leave(who), who, "leaveClients")


async def test_the_graph_and_the_model_agree_whatever_happens(backend: Backend, graph: Graph) -> None:
    profile = hypothesis.settings()
    settings = hypothesis.settings(
        max_examples=profile.max_examples // FRACTION,
        stateful_step_count=STEPS,
        deadline=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )

    bound = type("Bound", (Changes,), {"backend": backend, "graph": graph, "loop": asyncio.get_running_loop()})

    await asyncio.to_thread(run_state_machine_as_test, bound, settings=settings)


async def test_a_model_that_is_wrong_is_noticed(backend: Backend, graph: Graph) -> None:
    house, model = House(backend, graph), Rights(places={("boss", MSP): Place(Role.MSP_ADMIN)})
    await house.open()

    said = await house.ask_all()

    wrong = {cell for cell in said if said[cell] != model.says(*cell)}
    assert wrong == {("chief", org, permission) for org in ORGANIZATIONS for permission in ASKED}
