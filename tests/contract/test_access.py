"""Every root field as everybody: who gets through is what the table says, no more and no less."""

import pytest

import documents
from app.wiring import Backend
from auth.permission import FOR_MACHINES
from documents import OrganizationKind, Role
from schema.node import VIEW_OF, global_id
from tests.contract.access_table import ROOT_FIELDS, TYPES
from tests.contract.asking import answer, outcome
from tests.contract.graph_walk import root_fields
from tests.factories.graph import Graph
from tests.factories.holdings import make_holdings
from tests.factories.machine import make_machine
from tests.factories.tenant import Tenant, add_member, make_tenant

FIELDS = {str(field): field for field in root_fields()}
ROLES = {"V": Role.CLIENT_VIEWER, "R": Role.AUDITOR, "U": Role.USER, "A": Role.ADMIN, "M": Role.MSP_ADMIN}


class Principals:
    """Fresh people of one organization, so that what one of them ends or changes is nobody else's."""

    def __init__(self, backend: Backend, provider: Tenant) -> None:
        self._backend = backend
        self._organization = provider.organization
        self._readers: dict[str, str | None] = {}

    async def reader(self, letter: str) -> str | None:
        """The same person each time, for what changes nothing."""
        if letter not in self._readers:
            self._readers[letter] = await self.token(letter)
        return self._readers[letter]

    async def token(self, letter: str) -> str | None:
        if letter == "*":
            return None
        if letter == "N":
            loner = await make_tenant(self._backend)
            await documents.Membership.get_pymongo_collection().delete_many({"user_id": loner.user.id})
            return loner.token
        member = await add_member(self._backend, self._organization, ROLES.get(letter, Role.ADMIN))
        if letter != "S":
            return member.token
        return (await make_machine(member, *FOR_MACHINES, name=f"machine of {member.user.email}")).token


@pytest.fixture(scope="module")
async def provider(backend: Backend) -> Tenant:
    return await make_tenant(backend, kind=OrganizationKind.MSP, role=Role.MSP_ADMIN)


@pytest.fixture(scope="module")
async def principals(backend: Backend, provider: Tenant) -> Principals:
    return Principals(backend, provider)


@pytest.fixture(scope="module")
async def held(provider: Tenant) -> dict[str, str]:
    """Type name to the global id of something of that type that is the organization's own."""
    await make_holdings(provider)
    ids = {}
    for type_name, document in VIEW_OF.items():
        # The newest: what people made before may be a view of costs that they keep for themselves.
        raw = await document.rows().find_one({"org_id": provider.organization.id}, sort=[("_id", -1)])
        assert raw is not None, f"tests/factories/holdings.py makes no {type_name}"
        ids[type_name] = global_id(type_name, raw["_id"])
    return ids


def test_every_root_field_and_every_type_has_a_row() -> None:
    assert set(ROOT_FIELDS) == set(FIELDS)
    assert set(TYPES) == set(VIEW_OF)


@pytest.mark.parametrize("name", FIELDS)
async def test_a_root_field_lets_through_whom_the_table_names(name: str, graph: Graph, principals: Principals) -> None:
    allowed = ROOT_FIELDS.get(name, "")
    expected = {letter: "passed" if letter in allowed or allowed == "*" else "refused" for letter in "VRUAMNS"}
    expected["*"] = "passed" if allowed == "*" else "anonymous"
    token = principals.token if FIELDS[name].operation == "mutation" else principals.reader

    found = {letter: outcome(await answer(graph, await token(letter), FIELDS[name], {})) for letter in expected}

    assert found == expected


@pytest.mark.parametrize("type_name", VIEW_OF)
async def test_a_type_is_read_by_its_id_by_whom_the_table_names(
    type_name: str, graph: Graph, principals: Principals, held: dict[str, str]
) -> None:
    query = "query($id: ID!) { node(id: $id) { id } }"
    expected = {letter: "passed" if letter in TYPES.get(type_name, "") else "refused" for letter in "VRUAMS"}

    found = {}
    for letter in expected:
        said = await graph.send(query, await principals.reader(letter), id=held[type_name])
        code = said["errors"][0]["extensions"]["code"] if said.get("errors") else None
        found[letter] = "passed" if code is None else "refused" if code == "FORBIDDEN" else code

    assert found == expected


def test_being_refused_is_told_from_being_let_through() -> None:
    assert outcome('{"errors":[{"extensions":{"code":"FORBIDDEN"}}]}') == "refused"
    assert outcome('{"errors":[{"extensions":{"code":"UNAUTHENTICATED"}}]}') == "anonymous"
    assert outcome('{"errors":[{"extensions":{"code":"NOT_FOUND"}}]}') == "passed"
    with pytest.raises(AssertionError):
        outcome('{"errors":[{"extensions":{"code":"INTERNAL"}}]}')


async def test_the_field_of_a_permission_is_open_to_its_holders_in_an_organization_they_name(
    graph: Graph, principals: Principals, provider: Tenant
) -> None:
    """The sample calls above name nothing that exists; here is one that does."""
    query = "query($id: ID) { accounts(organizationId: $id) { edges { node { id } } } }"

    assert await graph.ask(query, await principals.token("V"), id=provider.global_id)
    refused = await graph.refused(query, await principals.token("N"), id=provider.global_id)

    assert refused[0]["extensions"]["code"] == "FORBIDDEN"
