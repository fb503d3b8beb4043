"""One tenant tries everything to see something of another: by ids, by filters, by sums, through every document."""

import re
import zlib
from types import SimpleNamespace
from typing import Any

import hypothesis
import pytest
from bson import ObjectId

import documents
from app.wiring import Backend
from documents.allocated_cost import AllocatedCost
from documents.base import TenantDocument
from documents.cost_forecast import CostForecast
from documents.page import Keyset
from domain.errors import Forbidden, NotFound
from domain.facts.scope import Scope
from domain.rules.registry import all_rules
from schema.node import VIEW_OF, global_id
from tests.contract.asking import answer
from tests.contract.graph_walk import RootField, root_fields
from tests.contract.isolation_page import COMMITTED, page
from tests.contract.probes import Probe, document_reads, id_probes, tenant_documents, text_probes
from tests.factories.factor import make_passkey
from tests.factories.graph import Graph
from tests.factories.holdings import make_holdings
from tests.factories.holdings_of_costs import make_cost_line, make_cost_view
from tests.factories.tenant import Tenant, make_tenant

QUERIES = [field for field in root_fields() if field.operation == "query"]
# Answers that say when they were given, where the live feeds are, or what oneself has tried meanwhile.
CHANGING = {"auditExports", "auditLog", "auditVerification", "liveCursor"}


# More examples than this are tried by night.
MANY = 100


@pytest.fixture(scope="module")
async def us(backend: Backend) -> Tenant:
    return await make_tenant(backend)


@pytest.fixture(scope="module")
async def answers_before(us: Tenant, address: str) -> dict[str, str]:
    """What every query says to us while there is no stranger."""
    async with Graph.connected(address) as graph:
        return {str(field): await answer(graph, us.token, field, {}) for field in QUERIES}


@pytest.fixture(scope="module")
async def stranger(backend: Backend, answers_before: dict[str, str]) -> Tenant:
    tenant = await make_tenant(backend)
    await make_holdings(tenant)
    return tenant


@pytest.fixture(scope="module")
async def strangers_ids(stranger: Tenant) -> dict[str, str]:
    """Type name to the global id of something of that type that is the stranger's."""
    session = await documents.Session.get_pymongo_collection().find_one({"user_id": stranger.user.id})
    assert session is not None
    identity = documents.ExternalIdentity(
        user_id=stranger.user.id, provider="google", issuer="https://secret-issuer.example", subject="secret-subject"
    )
    await identity.insert()
    ids = {
        "Organization": stranger.global_id,
        "User": global_id("User", stranger.user.id),
        "DeviceSession": global_id("DeviceSession", session["_id"]),
        "Identity": global_id("Identity", identity.id),
        "Passkey": global_id("Passkey", (await make_passkey(stranger.user)).id),
    }
    for type_name, document in VIEW_OF.items():
        raw = await document.rows().find_one({"org_id": stranger.organization.id})
        assert raw is not None, f"tests/factories/holdings.py makes no {type_name}"
        ids[type_name] = global_id(type_name, raw["_id"])
    return ids


async def said(graph: Graph, tenant: Tenant, field: RootField, ids: dict[Any, Any]) -> str:
    return await answer(graph, tenant.token, field, ids)


def places() -> dict[str, list[Probe]]:
    """The probes of each place for an id, with an id of every type."""
    found: dict[str, list[Probe]] = {}
    for probe in id_probes():
        found.setdefault(f"{probe.field} {'.'.join(probe.place)}", []).append(probe)
    return found


def worth_trying(probes: list[Probe], of_nothing: str, *, every: bool) -> list[Probe]:
    """Those of the type that the place says it has none of, and an eighth of the others, another one in each place.

    All of them where the place does not name its type, and by night.
    """
    named = re.search(r"There is no such (\w+)", of_nothing)
    taken = [probe for probe in probes if named and probe.value.lower() == named[1]]
    if every or not taken:
        return probes
    return [probe for probe in probes if probe in taken or zlib.crc32(str(probe).encode()) % 8 == 0]


@pytest.mark.parametrize("probes", places().values(), ids=places().keys())
async def test_a_strangers_id_looks_like_one_that_does_not_exist(
    probes: list[Probe], graph: Graph, us: Tenant, strangers_ids: dict[str, str]
) -> None:
    nothing = global_id("Nothing", "0" * 24)
    of_nothing = (await said(graph, us, probes[0].field, {probes[0].place: nothing})).replace(nothing, "ID")

    for probe in worth_trying(probes, of_nothing, every=hypothesis.settings().max_examples > MANY):
        theirs = strangers_ids[probe.value]
        of_theirs = await said(graph, us, probe.field, {probe.place: theirs})
        assert "secret" not in of_theirs, probe
        if of_theirs.replace(theirs, "ID") == of_nothing:
            continue  # as one that cannot be the id of anything
        absent = global_id(probe.value, "0" * 24)
        of_absent = await said(graph, us, probe.field, {probe.place: absent})
        assert of_theirs.replace(theirs, absent) == of_absent, probe


@pytest.mark.parametrize("probe", text_probes(), ids=str)
async def test_a_strangers_text_finds_nothing(
    probe: Probe, graph: Graph, us: Tenant, strangers_ids: dict[str, str]
) -> None:
    absent = "nothing-has-this-text"

    of_theirs = await said(graph, us, probe.field, {probe.place: probe.value})
    of_absent = await said(graph, us, probe.field, {probe.place: absent})

    assert of_theirs.replace(probe.value, absent) == of_absent


# Rules about secrets, such as aws-secret-unused, are everybody's.
SECRET_RULES = re.compile("|".join(rule.id for rule in all_rules() if "secret-" in rule.id))


@pytest.mark.parametrize("field", QUERIES, ids=str)
async def test_what_a_stranger_holds_changes_no_answer_no_sum_and_no_count(
    field: RootField, graph: Graph, us: Tenant, answers_before: dict[str, str], strangers_ids: dict[str, str]
) -> None:
    after = await said(graph, us, field, {})

    assert "secret-" not in SECRET_RULES.sub("", after)
    assert not [id for id in strangers_ids.values() if id in after]
    if field.name not in CHANGING:
        assert after == answers_before[str(field)]


async def test_a_stranger_sees_their_own(graph: Graph, stranger: Tenant, strangers_ids: dict[str, str]) -> None:
    """What is looked for above in vain is there to be found."""
    everything = "".join([await said(graph, stranger, field, {}) for field in QUERIES])

    assert {name for name in VIEW_OF if strangers_ids[name] not in everything} == NOT_LISTED


# Read by their id only, or with what they belong to.
NOT_LISTED = {
    "AccessReviewItem",
    "AlertEntry",
    "ApiKey",
    "BudgetRecord",
    "CheckChange",
    "IncidentMember",
    "PolicyVersion",
    "ReceivedEvent",
    "RemediationCall",
    "SyncRead",
}


class Foreign:
    """A row of a document in one organization, and the scopes of that one, of another, and of a member of both who may
    do nothing in the first.
    """

    def __init__(self, document: type[TenantDocument]) -> None:
        self.document = document
        self.org_id, self.id, other = ObjectId(), ObjectId(), ObjectId()
        mine, theirs = frozenset({str(self.org_id)}), frozenset({str(other)})
        self.own = Scope(org_ids=mine, visible=mine, actor="test")
        self.foreign = Scope(org_ids=theirs, visible=theirs, actor="test")
        self.bystander = Scope(org_ids=theirs, visible=mine | theirs, actor="test")

    async def find(self, read: str, scope: Scope) -> bool:
        """Whether this read of the document finds the row in this scope."""
        document, id = self.document, str(self.id)
        match read:
            case "get_in":
                return await self._gets(scope)
            case "find_in":
                return await document.find_in(scope, {"_id": self.id}) is not None
            case "list_in":
                return bool(await document.list_in(scope, {"_id": self.id}))
            case "page_in":
                page = await document.page_in(scope, {"_id": self.id}, Keyset((("_id", 1),)), first=5)
                return bool(page.rows)
            case "count_in":
                return await document.count_in(scope, {"_id": self.id}, cap=5) == 1
            case "rows_by_id":
                return self.id in await document.rows_by_id(scope, [self.id])
            case _:
                return await document.load_many(scope, [id]) != [None]

    async def _gets(self, scope: Scope) -> bool:
        try:
            await self.document.get_in(scope, str(self.id))
        except (NotFound, Forbidden):
            return False
        return True


@pytest.fixture
async def foreign(request: pytest.FixtureRequest, backend: Backend) -> Any:
    made = Foreign(request.param[0])
    if made.document is documents.CostLine:
        # Billed rows show only as long as a period names their edition.
        organization: Any = SimpleNamespace(organization=SimpleNamespace(id=made.org_id))
        made.id = (await make_cost_line(organization)).id
        yield made
        return
    if made.document is documents.CostView:
        # Views show only to who keeps them, unless they are shared.
        owned: Any = SimpleNamespace(organization=SimpleNamespace(id=made.org_id))
        made.id = (await make_cost_view(owned)).id
        yield made
        return
    # Bare of everything but the tenant: what is read first is whose it is.
    made.document.stored = classmethod(lambda cls, raw: raw)  # type: ignore[assignment]  # rows as they are
    await made.document.rows().insert_one({"_id": made.id, "org_id": made.org_id, "fingerprint": str(made.id)})
    yield made
    await made.document.rows().delete_one({"_id": made.id})
    del made.document.stored


@pytest.mark.parametrize(
    ("foreign", "read"),
    [((document, read), read) for document, read in document_reads()],
    indirect=["foreign"],
    ids=[f"{document.__name__}.{read}" for document, read in document_reads()],
)
async def test_no_read_of_a_document_leaves_its_scope(foreign: Foreign, read: str) -> None:
    assert await foreign.find(read, foreign.own)
    assert not await foreign.find(read, foreign.foreign)
    assert not await foreign.find(read, foreign.bystander)


def test_only_sums_have_no_reads_of_their_own() -> None:
    sums = set(tenant_documents()) - {document for document, _ in document_reads()}

    assert sums == {
        AllocatedCost,
        CostForecast,
        documents.CostDay,
        documents.CostMonth,
        documents.CostUsageDay,
    }


def test_the_page_about_isolation_is_the_one_the_tests_make() -> None:
    assert COMMITTED.read_text() == page(), "run `make isolation` and read the difference"
