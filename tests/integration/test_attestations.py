"""Attestations: stated with files, reviewed by somebody else, judged until they expire."""

import base64
import hashlib
from datetime import timedelta
from typing import Any

import pytest

import documents
from app.wiring import Backend
from documents import Role
from documents.attestation import erase_attestations, keep_piece
from documents.base import utc_now
from domain.compliance.answers import NotOffered
from domain.facts.compliance import CheckStatus
from jobs.checking.own import own_subjects
from jobs.tasks.judge_controls import judge_controls
from tests.factories.graph import Graph
from tests.factories.synthetic_account import context_of
from tests.factories.tenant import Tenant, add_member, make_tenant

NOW = utc_now()
SUBMIT = """mutation($input: SubmitAttestationInput!) { submitAttestation(input: $input) {
  ... on SubmitAttestationSuccess { attestation { id kind controlId state } } ... on UserError { message path } } }"""
REVIEW = """mutation($input: ReviewAttestationInput!) { reviewAttestation(input: $input) {
  ... on ReviewAttestationSuccess { attestation { state version } } ... on UserError { message } } }"""
ADD = """mutation($input: AddAttestationFileInput!) { addAttestationFile(input: $input) {
  ... on AddAttestationFileSuccess { attestation { files { name size sha256 pieces } } }
  ... on UserError { message } } }
"""
RECORD = """mutation($input: RecordVendorInput!) { recordVendor(input: $input) { __typename } }"""
READ = """query($id: ID!) { attestationContent(attestationId: $id) {
  rows attestation { statement submittedBy reviewedBy } } }"""
FETCH = """query($id: ID!, $sha256: String!, $piece: Int!) {
  attestationFile(attestationId: $id, sha256: $sha256, piece: $piece) { content file { name } } }"""
MEETING = {
    "heldAt": (NOW - timedelta(days=10)).isoformat(),
    "attendees": ["ada", "bob"],
    "independentMembers": ["bob"],
    "topics": ["security", "risk", "control results"],
    "decisions": ["go on"],
}


@pytest.fixture
async def tenant(backend: Backend) -> Tenant:
    return await make_tenant(backend)


@pytest.fixture
async def other(backend: Backend, tenant: Tenant) -> Tenant:
    return await add_member(backend, tenant.organization, Role.ADMIN)


async def submit(graph: Graph, tenant: Tenant, content: dict[str, Any], **more: Any) -> dict[str, Any]:
    input = {"content": content, "statement": "These are the minutes.", **more}
    found: dict[str, Any] = (await graph.ask(SUBMIT, tenant.token, input=input))["submitAttestation"]
    return found


async def review(graph: Graph, tenant: Tenant, id: str, *, is_accepted: bool = True) -> dict[str, Any]:
    input = {"attestationId": id, "isAccepted": is_accepted}
    found: dict[str, Any] = (await graph.ask(REVIEW, tenant.token, input=input))["reviewAttestation"]
    return found


async def add(graph: Graph, tenant: Tenant, id: str, content: bytes) -> dict[str, Any]:
    input = {"attestationId": id, "name": "minutes.pdf", "content": base64.b64encode(content).decode()}
    found: dict[str, Any] = (await graph.ask(ADD, tenant.token, input=input))["addAttestationFile"]
    return found


async def rows(backend: Backend, tenant: Tenant, operation: str, days: int = 0) -> list[dict[str, Any]]:
    _, manual = own_subjects(context_of(backend), tenant.scope, NOW + timedelta(days=days))
    (call,) = await manual.calls._read(operation)
    found: list[dict[str, Any]] = call.pages[0]
    return found


async def status(backend: Backend, tenant: Tenant, control_id: str) -> CheckStatus:
    at = utc_now() + timedelta(days=93)  # whatever its frequency: it is due by then
    await judge_controls({"context": context_of(backend, now=lambda: at)}, org_id=tenant.org_id)
    check = await documents.Check.find_in(tenant.scope, {"control_id": control_id, "integration": "MANUAL"})
    assert check is not None
    return check.status


async def test_only_what_another_person_has_accepted_is_judged(
    backend: Backend, graph: Graph, tenant: Tenant, other: Tenant
) -> None:
    made = (await submit(graph, tenant, {"boardMinutes": [MEETING]}))["attestation"]

    with pytest.raises(NotOffered):
        await rows(backend, tenant, "manual:board_minutes")
    own = await review(graph, tenant, made["id"])
    accepted = await review(graph, other, made["id"])
    twice = await review(graph, other, made["id"])
    (row,) = await rows(backend, tenant, "manual:board_minutes")

    assert (made["controlId"], made["state"]) == ("CW-GOV-03", "SUBMITTED")
    assert own["message"] == "Somebody else must review it than who has submitted it."
    assert accepted["attestation"] == {"state": "ACCEPTED", "version": 2}
    assert "decided already" in twice["message"]
    assert row["held_at"] == NOW - timedelta(days=10)
    assert row["independent_members"] == ["bob"]
    # It counts for 366 days, and then there are no minutes: that fails, where nothing at all was never assessed.
    assert await rows(backend, tenant, "manual:board_minutes", days=367) == []


async def test_a_control_says_what_the_accepted_statement_says(
    backend: Backend, graph: Graph, tenant: Tenant, other: Tenant
) -> None:
    made = (await submit(graph, tenant, {"boardMinutes": [MEETING]}))["attestation"]
    await review(graph, other, made["id"])

    # The meeting is 10 + 93 days ago then: more than 92, at most 120.
    assert await status(backend, tenant, "CW-GOV-03") is CheckStatus.WARNING


async def test_what_was_accepted_can_still_be_sent_back(
    backend: Backend, graph: Graph, tenant: Tenant, other: Tenant
) -> None:
    test = {"reportDatedAt": MEETING["heldAt"], "tester": "Outsiders", "criticalOpen": 0, "highOpen": 0}
    made = (await submit(graph, tenant, {"penTestReport": [test]}))["attestation"]
    await review(graph, other, made["id"])

    returned = await review(graph, other, made["id"], is_accepted=False)

    assert returned["attestation"]["state"] == "RETURNED"
    with pytest.raises(NotOffered):
        await rows(backend, tenant, "manual:pen_test_report")


async def test_a_row_names_who_has_reviewed_it(backend: Backend, graph: Graph, tenant: Tenant, other: Tenant) -> None:
    vendor = {"vendor": "Cloud", "tier": 1, "needsBaa": False, "needsDpa": True}
    made = (await submit(graph, tenant, {"vendorDocuments": [vendor]}))["attestation"]
    await review(graph, other, made["id"])

    (row,) = await rows(backend, tenant, "manual:vendor_documents")
    read = (await graph.ask(READ, other.token, id=made["id"]))["attestationContent"]

    assert row["reviewed_by"] == str(other.user.id)
    assert read["rows"][0]["vendor"] == "Cloud"
    assert read["attestation"]["submittedBy"] != read["attestation"]["reviewedBy"]


async def test_what_was_accepted_of_a_vendor_counts_before_the_register(
    backend: Backend, graph: Graph, tenant: Tenant, other: Tenant
) -> None:
    for name in ("Cloud", "Other"):
        await graph.ask(RECORD, tenant.token, input={"name": name, "tier": 3})
    registered = await rows(backend, tenant, "manual:vendor_documents")
    vendor = {"vendor": "Cloud", "tier": 1, "needsBaa": False, "needsDpa": True}
    made = (await submit(graph, tenant, {"vendorDocuments": [vendor]}))["attestation"]
    await review(graph, other, made["id"])

    both = await rows(backend, tenant, "manual:vendor_documents")

    assert [(row["vendor"], row["tier"]) for row in registered] == [("Cloud", 3), ("Other", 3)]
    assert sorted((row["vendor"], row["tier"]) for row in both) == [("Cloud", 1), ("Other", 3)]


async def test_a_file_comes_in_pieces_until_the_statement_is_reviewed(
    graph: Graph, tenant: Tenant, other: Tenant
) -> None:
    made = (await submit(graph, tenant, {"boardMinutes": [MEETING]}))["attestation"]
    sha256 = hashlib.sha256(b"one two").hexdigest()

    stranger = await add(graph, other, made["id"], b"one")
    await add(graph, tenant, made["id"], b"one ")
    whole = await add(graph, tenant, made["id"], b"two")
    pieces = [
        (await graph.ask(FETCH, other.token, id=made["id"], sha256=sha256, piece=number))["attestationFile"]["content"]
        for number in (0, 1)
    ]
    missing = await graph.refused(FETCH, other.token, id=made["id"], sha256=sha256, piece=2)
    await review(graph, other, made["id"])
    late = await add(graph, tenant, made["id"], b"three")

    assert stranger["message"] == "Only who has submitted it adds files to it."
    assert whole["attestation"]["files"] == [{"name": "minutes.pdf", "size": 7, "sha256": sha256, "pieces": 2}]
    assert b"".join(base64.b64decode(piece) for piece in pieces) == b"one two"
    assert missing[0]["extensions"]["code"] == "NOT_FOUND"
    assert "decided already" in late["message"]


async def test_what_is_no_file_or_too_much_of_it_is_refused_and_leaves_nothing(
    graph: Graph, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = (await submit(graph, tenant, {"boardMinutes": [MEETING]}))["attestation"]
    monkeypatch.setattr("documents.attestation.LARGEST", 3)
    stored = documents.Attestation.rows().database["attestation_files.files"]
    before = await stored.count_documents({"metadata.org_id": tenant.organization.id})
    input = {"attestationId": made["id"], "name": "x", "content": "no base64!"}

    garbled = (await graph.ask(ADD, tenant.token, input=input))["addAttestationFile"]
    large = await add(graph, tenant, made["id"], b"four")

    assert garbled["message"] == "The content is not base64."
    assert large["message"].startswith("At most 20 files")
    assert await stored.count_documents({"metadata.org_id": tenant.organization.id}) == before == 0


@pytest.mark.parametrize(
    ("days", "more", "message"),
    [
        (10, {}, "held_at lies ahead: state what has happened."),
        (-10, {"expiresAt": (NOW + timedelta(days=800)).isoformat()}, "It must expire, in 731 days at the latest."),
    ],
)
async def test_a_statement_about_the_future_or_for_ever_is_refused(
    graph: Graph, tenant: Tenant, days: int, more: dict[str, Any], message: str
) -> None:
    meeting = {**MEETING, "heldAt": (NOW + timedelta(days=days)).isoformat()}

    assert (await submit(graph, tenant, {"boardMinutes": [meeting]}, **more))["message"] == message


async def test_attestations_are_listed_and_go_with_the_organization(graph: Graph, tenant: Tenant) -> None:
    made = (await submit(graph, tenant, {"boardMinutes": [MEETING]}))["attestation"]
    await add(graph, tenant, made["id"], b"one")
    (stated,) = await documents.Attestation.list_in(tenant.scope, {})
    await keep_piece(stated, b"of a request that was killed before the statement named it")
    text = """query($filter: AttestationFilter) { attestations(filter: $filter) { nodes { id files { name } } } }"""

    found = await graph.ask(text, tenant.token, filter={"kinds": ["BOARD_MINUTES"], "states": ["SUBMITTED"]})
    erased = await erase_attestations(tenant.organization.id)

    stored = documents.Attestation.rows().database["attestation_files.files"]
    assert found["attestations"]["nodes"] == [{"id": made["id"], "files": [{"name": "minutes.pdf"}]}]
    assert erased == 3  # two parts of files, and the statement
    assert await stored.count_documents({"metadata.org_id": tenant.organization.id}) == 0
