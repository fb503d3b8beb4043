"""Evidence over the graph: listed, looked into, verified, kept, and its heads sent out."""

from typing import Any

import pytest

import documents
from app.wiring import Backend
from documents.evidence import keep_pack
from jobs.tasks.seal_evidence import seal_evidence
from schema.node import global_id
from tests.factories.graph import Graph
from tests.factories.tenant import Tenant, make_tenant
from tests.factories.told import make_channel
from tests.integration.test_evidence_chain import RETENTION, context_of, utc_now, write

RECORDS = """
query Records($filter: EvidenceFilter) {
  evidenceRecords(filter: $filter) {
    nodes {
      id seq at prevHash hash organizationId controlId integration account status packs
      counts { name count } redactions { name count }
    }
    totalCount
  }
}
"""
ONE = "query One($id: ID!) { evidenceRecord(id: $id) { record { seq hash } text { line } } }"
ANSWERS = """
query Answers($id: ID!, $pack: String!, $skip: Int!) {
  evidenceAnswers(recordId: $id, pack: $pack, skip: $skip) {
    total nextSkip answers { operation region arguments page answer isCut }
  }
}
"""
VERIFY = """
query Verify($held: String) {
  verifyEvidence(heldHead: $held) {
    isIntact brokenCount breaks { kind place problem } firstSeq checkedCount packCount checkpointCount stampedCount
    head unread publicKeys organizationId
  }
}
"""
CHECKPOINTS = """
{ evidenceCheckpoints { nodes { number firstSeq lastSeq root previous keyId stampedAt stampProblem organizationId } } }
"""
KEEP = """
mutation Keep($days: Int!) {
  setEvidenceRetention(input: {days: $days}) {
    __typename
    ... on SetEvidenceRetentionSuccess { organization { evidenceRetentionDays } }
    ... on UserError { code message path }
  }
}
"""
SEND = """
mutation Send($channel: ID) {
  setEvidenceChannel(input: {channelId: $channel}) {
    __typename
    ... on SetEvidenceChannelSuccess { organization { evidenceChannelId } }
    ... on UserError { code message path }
  }
}
"""
TEXT = b"[" + b",".join(b'["GET /v1/things",null,{},%d,{"id":%d}]' % (page, page) for page in range(12)) + b"]"


async def proven(backend: Backend, tenant: Tenant) -> str:
    """Two records of two controls; returns the pack that the first one names."""
    org_id = tenant.organization.id
    pack = await keep_pack(org_id, TEXT, now=utc_now(), retention=RETENTION)
    one = {"integration": "AWS", "account": "1", "status": "FAIL", "counts": {"PASS": 2, "FAIL": 1}, "evidence": [pack]}
    await write(backend, tenant, 1, **one, redactions={"telephone": 3})
    await write(backend, tenant, 1, **{**one, "control_id": "CW-ACC-02", "evidence": [], "account": None})
    return pack


async def test_records_are_listed_and_looked_into(backend: Backend, graph: Graph) -> None:
    tenant = await make_tenant(backend)
    pack = await proven(backend, tenant)

    everything = (await graph.ask(RECORDS, tenant.token))["evidenceRecords"]
    (first,) = (await graph.ask(RECORDS, tenant.token, filter={"controlId": "CW-ACC-01", "account": "1"}))[
        "evidenceRecords"
    ]["nodes"]
    detail = (await graph.ask(ONE, tenant.token, id=first["id"]))["evidenceRecord"]
    pages = [
        (await graph.ask(ANSWERS, tenant.token, id=first["id"], pack=pack, skip=skip))["evidenceAnswers"]
        for skip in (0, 10)
    ]

    assert [one["seq"] for one in everything["nodes"]] == [2, 1]
    assert (everything["totalCount"], everything["nodes"][0]["account"]) == (2, None)
    assert (first["status"], first["packs"]) == ("FAIL", [pack])
    assert first["counts"] == [{"name": "FAIL", "count": 1}, {"name": "PASS", "count": 2}]
    assert first["redactions"] == [{"name": "telephone", "count": 3}]
    assert detail["record"] == {"seq": 1, "hash": first["hash"]}
    assert detail["text"]["line"].startswith('{"hash":"' + first["hash"])
    assert [(one["total"], one["nextSkip"], len(one["answers"])) for one in pages] == [(12, 10, 10), (12, None, 2)]
    assert pages[1]["answers"][0]["answer"] == '{"id":10}'


async def test_only_packs_of_the_record_are_shown_and_lost_ones_are_said(backend: Backend, graph: Graph) -> None:
    tenant = await make_tenant(backend)
    pack = await proven(backend, tenant)
    second, first = (await graph.ask(RECORDS, tenant.token))["evidenceRecords"]["nodes"]
    await documents.EvidencePack.rows().update_one(
        {"org_id": tenant.organization.id, "sha256": pack}, {"$set": {"data": b"x"}}
    )

    other = await graph.refused(ANSWERS, tenant.token, id=second["id"], pack=pack, skip=0)
    changed = await graph.refused(ANSWERS, tenant.token, id=first["id"], pack=pack, skip=0)

    assert (other[0]["extensions"]["code"], changed[0]["extensions"]["code"]) == ("NOT_FOUND", "CONFLICT")


async def test_evidence_is_verified_and_its_breaks_are_named(backend: Backend, graph: Graph) -> None:
    tenant = await make_tenant(backend)
    await proven(backend, tenant)
    await seal_evidence({"context": context_of(backend)})

    whole = (await graph.ask(VERIFY, tenant.token))["verifyEvidence"]
    (checkpoint,) = (await graph.ask(CHECKPOINTS, tenant.token))["evidenceCheckpoints"]["nodes"]
    held = (await graph.ask(VERIFY, tenant.token, held=whole["head"]))["verifyEvidence"]
    await documents.EvidenceRecord.rows().delete_one({"org_id": tenant.organization.id, "seq": 2})
    broken = (await graph.ask(VERIFY, tenant.token))["verifyEvidence"]

    assert (whole["isIntact"], whole["checkedCount"], whole["packCount"], whole["checkpointCount"]) == (True, 2, 1, 1)
    assert (held["isIntact"], whole["publicKeys"]) == (True, [key.public for key in backend.keys.audit])
    assert (checkpoint["number"], checkpoint["firstSeq"], checkpoint["lastSeq"]) == (1, 1, 2)
    assert (broken["isIntact"], broken["brokenCount"]) == (False, 1)
    assert [(one["kind"], one["place"]) for one in broken["breaks"]] == [("TRUNCATED", "record 2")]


async def test_a_held_head_that_is_none_is_refused(backend: Backend, graph: Graph) -> None:
    tenant = await make_tenant(backend)

    (error,) = await graph.refused(VERIFY, tenant.token, held="five")

    assert error["extensions"]["code"] == "BAD_USER_INPUT"


@pytest.mark.parametrize(("frameworks", "days", "kept"), [([], 800, 800), (["hipaa_security_rule"], 800, None)])
async def test_how_long_evidence_is_kept_is_chosen_but_not_below_a_framework(
    backend: Backend, graph: Graph, frameworks: list[str], days: int, kept: int | None
) -> None:
    tenant = await make_tenant(backend)
    chosen = {"$set": {"frameworks": frameworks}}
    await documents.Organization.get_pymongo_collection().update_one({"_id": tenant.organization.id}, chosen)

    answer = (await graph.ask(KEEP, tenant.token, days=days))["setEvidenceRetention"]

    if kept is None:
        assert (answer["code"], answer["path"]) == ("BAD_USER_INPUT", ["input", "days"])
        assert "evidence is kept for 2190 days" in answer["message"]
    else:
        assert answer["organization"] == {"evidenceRetentionDays": kept}


async def deliveries(tenant: Tenant) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (
        await documents.Delivery.rows().find({"org_id": tenant.organization.id, "subject": "evidence"}).to_list()
    )
    return found


async def test_the_head_goes_to_the_chosen_channel_once_a_day(backend: Backend, graph: Graph) -> None:
    tenant = await make_tenant(backend)
    channel_id = await make_channel(tenant)
    await proven(backend, tenant)
    id = global_id("Channel", channel_id)

    answer = (await graph.ask(SEND, tenant.token, channel=id))["setEvidenceChannel"]
    await seal_evidence({"context": context_of(backend)})
    await seal_evidence({"context": context_of(backend)})

    head = (await graph.ask(VERIFY, tenant.token))["verifyEvidence"]["head"]
    (sent,) = await deliveries(tenant)
    assert answer["organization"] == {"evidenceChannelId": id}
    assert sent["notice"]["values"]["head"] == head
    assert sent["channel_id"] == channel_id
    stopped = (await graph.ask(SEND, tenant.token, channel=None))["setEvidenceChannel"]
    assert stopped["organization"] == {"evidenceChannelId": None}
