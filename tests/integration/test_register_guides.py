"""What the guides of registers and packs have one paste runs, one example after the other, as a newcomer does."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import graphql
import pytest

import documents
from app.wiring import Backend
from documents import Role
from documents.base import utc_now
from schema.node import global_id
from tests.contract.test_documentation import blocks
from tests.factories.graph import Graph
from tests.factories.tenant import Tenant, add_member, make_tenant

GUIDES = Path("docs/guides")


class Newcomer:
    """An administrator who pastes from a guide."""

    def __init__(self, graph: Graph, tenant: Tenant, other: Tenant) -> None:
        self.graph, self.tenant, self.other = graph, tenant, other

    async def paste(self, guide: str, name: str, **variables: Any) -> dict[str, Any]:
        """The answer to the operation of this name, which is no error and no refusal."""
        (found,) = [
            definition
            for block in blocks("graphql", (GUIDES / guide).read_text())
            for definition in graphql.parse(block).definitions
            if isinstance(definition, graphql.OperationDefinitionNode)
            if definition.name is not None
            if definition.name.value == name
        ]
        answer: dict[str, Any] = await self.graph.ask(graphql.print_ast(found), self.tenant.token, **variables)
        assert [said for said in answer.values() if isinstance(said, dict) and "message" in said] == []
        return answer

    async def member(self, who: Tenant) -> str:
        raw = await documents.Membership.rows().find_one({"user_id": who.user.id})
        assert raw is not None
        return global_id("Member", raw["_id"])


@pytest.fixture
async def newcomer(graph: Graph, backend: Backend) -> Newcomer:
    tenant = await make_tenant(backend)
    return Newcomer(graph, tenant, await add_member(backend, tenant.organization, Role.ADMIN))


def days(number: int) -> str:
    return (utc_now() + timedelta(days=number)).isoformat()


async def test_the_guide_of_registers_runs(newcomer: Newcomer) -> None:
    guide, member = "registers.md", await newcomer.member(newcomer.tenant)

    assert (await newcomer.paste(guide, "Bound"))["policiesToAcknowledge"] == []
    stated = (await newcomer.paste(guide, "State", held=days(-3)))["submitAttestation"]["attestation"]
    owners = (await newcomer.paste(guide, "Own", member=member))["setControlOwner"]["ownership"]["owners"]

    assert (stated["controlId"], stated["state"]) == ("CW-GOV-03", "SUBMITTED")
    assert {one["controlId"] for one in owners} == {"CW-IAM-01", "CW-IAM-02"}


async def test_the_guide_of_registers_of_risk_runs(newcomer: Newcomer) -> None:
    guide, ann = "registers-of-risk.md", await newcomer.member(newcomer.tenant)
    bob = await newcomer.member(newcomer.other)

    review = (await newcomer.paste(guide, "Start", ann=ann, bob=bob, due=days(30)))["startAccessReview"]["review"]
    items = await newcomer.paste(guide, "Items", review=review["id"])
    vendor = (await newcomer.paste(guide, "Vendor", owner=ann))["recordVendor"]["vendor"]
    risk = (await newcomer.paste(guide, "Risk", owner=ann))["recordRisk"]["risk"]

    assert review["state"] == "LISTING"
    assert items["accessReviewItems"]["nodes"] == []
    assert (vendor["version"], risk["level"]) == (1, "HIGH")


async def test_the_guide_of_packs_runs(newcomer: Newcomer) -> None:
    before = (await newcomer.paste("audit-pack.md", "Packs"))["auditPacks"]["nodes"]
    pack = (await newcomer.paste("audit-pack.md", "Ask"))["requestAuditPack"]["pack"]
    after = (await newcomer.paste("audit-pack.md", "Packs"))["auditPacks"]["nodes"]

    assert before == []
    assert [(one["id"], one["state"]) for one in after] == [(pack["id"], "QUEUED")]
