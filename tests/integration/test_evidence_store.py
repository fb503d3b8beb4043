"""Evidence outside of MongoDB: in a locked bucket of S3, and under the stamp of a time authority."""

import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

import documents
from app.evidence import EvidenceSettings, pack_store, stamper
from app.wiring import Backend
from auth.scope import scope_of_job
from connectors.evidence_bucket import EvidenceBucket
from documents.base import utc_now
from documents.evidence import keep_pack, pack_text, read_pack, tell_store
from documents.evidence_checkpoint import last_checkpoint
from domain.errors import Misshapen, NotFound, Unavailable
from domain.evidence.check import checkpoint_digest
from jobs.tasks.seal_evidence import seal_evidence
from tests.factories.tenant import Tenant, make_tenant
from tests.fakes.aws import REGION, Moto
from tests.fakes.time_authority import TimeAuthority
from tests.integration.test_evidence_chain import context_of, verdict_of, write

TEXT = b'[["GET /v1/things",null,{},0,{"id":1}]]'
RETENTION = timedelta(days=400)


@pytest.fixture(scope="module")
def moto() -> Iterator[Moto]:
    with Moto().served() as served:
        yield served


@pytest.fixture
def s3(moto: Moto) -> Any:
    moto.reset()
    client = boto3.client(
        "s3", REGION, endpoint_url=moto.url, aws_access_key_id="AKIA1", aws_secret_access_key="secret"
    )
    client.create_bucket(Bucket="evidence", ObjectLockEnabledForBucket=True)
    return client


@pytest.fixture
def bucket(moto: Moto, s3: Any) -> EvidenceBucket:
    made = pack_store(
        EvidenceSettings(
            evidence_bucket="evidence",
            evidence_bucket_region=REGION,
            evidence_bucket_endpoint=moto.url,
            evidence_bucket_access_key_id="AKIA1",
            evidence_bucket_secret_access_key="secret",
            evidence_bucket_from_bytes=30,
        )
    )
    assert isinstance(made, EvidenceBucket)
    return made


@pytest.fixture
async def tenant(backend: Backend) -> Tenant:
    return await make_tenant(backend)


async def kept(tenant: Tenant, store: EvidenceBucket | None, text: bytes = TEXT) -> tuple[str, str | None]:
    sha256 = await keep_pack(tenant.organization.id, text, now=utc_now(), retention=RETENTION, store=store)
    raw = await documents.EvidencePack.rows().find_one({"org_id": tenant.organization.id, "sha256": sha256})
    assert raw is not None
    return sha256, raw["place"]


async def test_a_pack_lies_in_the_bucket_locked_until_its_time_is_over(
    tenant: Tenant, bucket: EvidenceBucket, s3: Any
) -> None:
    sha256, place = await kept(tenant, bucket)

    assert place == f"{tenant.organization.id}/{sha256}.json.zlib"
    locked = s3.head_object(Bucket="evidence", Key=place)
    assert locked["ObjectLockMode"] == "COMPLIANCE"
    assert abs(locked["ObjectLockRetainUntilDate"] - utc_now() - RETENTION) < timedelta(minutes=5)
    (answer,) = await read_pack(scope_of_job("test", str(tenant.organization.id)), sha256, bucket)
    assert answer.answer == {"id": 1}


async def test_a_small_pack_stays_in_the_database(tenant: Tenant, bucket: EvidenceBucket) -> None:
    sha256, place = await kept(tenant, bucket, b"[]")

    assert place is None
    assert await pack_text(tenant.organization.id, sha256) == b"[]"


async def test_a_pack_that_a_record_names_is_locked_for_longer(
    backend: Backend, tenant: Tenant, bucket: EvidenceBucket, s3: Any
) -> None:
    chosen = {"$set": {"evidence_retention_days": 900}}
    await documents.Organization.get_pymongo_collection().update_one({"_id": tenant.organization.id}, chosen)
    sha256, place = await kept(tenant, bucket)
    await write(backend, tenant, 1, evidence=[sha256])

    assert await tell_store(bucket) == 1
    assert await tell_store(bucket) == 0

    until = s3.head_object(Bucket="evidence", Key=place)["ObjectLockRetainUntilDate"]
    assert abs(until - utc_now() - timedelta(days=900)) < timedelta(minutes=5)


async def test_a_pack_that_was_changed_in_the_bucket_is_not_read(
    tenant: Tenant, bucket: EvidenceBucket, s3: Any
) -> None:
    sha256, place = await kept(tenant, bucket)
    s3.put_object(Bucket="evidence", Key=place, Body=b"other")

    with pytest.raises(Misshapen, match="not stored as they were read"):
        await pack_text(tenant.organization.id, sha256, bucket)


async def test_a_pack_that_is_gone_from_the_bucket_is_missed(tenant: Tenant, bucket: EvidenceBucket) -> None:
    sha256, _ = await kept(tenant, bucket)
    change = {"$set": {"place": "elsewhere"}}
    await documents.EvidencePack.rows().update_one({"org_id": tenant.organization.id, "sha256": sha256}, change)

    with pytest.raises(NotFound):
        await pack_text(tenant.organization.id, sha256, bucket)


async def test_nothing_is_kept_when_the_bucket_is_away(tenant: Tenant, bucket: EvidenceBucket) -> None:
    away = EvidenceBucket(
        name="evidence", region=REGION, endpoint="http://127.0.0.1:9", access_key_id="A", secret_access_key=None
    )

    with pytest.raises(Unavailable, match="evidence bucket"):
        await kept(tenant, away)

    assert await documents.EvidencePack.rows().count_documents({"org_id": tenant.organization.id}) == 0
    sha256, _ = await kept(tenant, bucket)
    with pytest.raises(Unavailable, match="CLOUDWATCHER_EVIDENCE_BUCKET"):
        await pack_text(tenant.organization.id, sha256)


async def test_a_verification_says_that_raw_answers_could_not_be_read(
    backend: Backend, tenant: Tenant, bucket: EvidenceBucket
) -> None:
    sha256, _ = await kept(tenant, bucket)
    await write(backend, tenant, 1, evidence=[sha256])

    without, with_it = await verdict_of(backend, tenant), await verdict_of(backend, tenant, store=bucket)

    assert (without.packs, with_it.packs, with_it.unread) == (0, 1, None)
    assert without.unread is not None
    assert "bucket" in without.unread


def stamping(backend: Backend, url: str, root: Path | None) -> dict[str, Any]:
    context = context_of(backend)
    made = stamper(EvidenceSettings(timestamp_url=url, timestamp_ca_file=root))
    object.__setattr__(context, "stamper", made)
    return {"context": context}


async def test_checkpoints_are_stamped_and_openssl_agrees(backend: Backend, tenant: Tenant, tmp_path: Path) -> None:
    authority = TimeAuthority(tmp_path)
    await write(backend, tenant, 2)

    with authority.served() as url:
        await seal_evidence(stamping(backend, url, authority.root))

    made = await last_checkpoint(tenant.organization.id)
    assert made is not None
    found = await verdict_of(backend, tenant)
    assert (found.breaks, found.stamped) == ([], 1)
    (tmp_path / "stamp").write_bytes(bytes.fromhex(made["stamp"]))
    digest = checkpoint_digest({**made, "org_id": str(made["org_id"])})
    files = ["-in", tmp_path / "stamp", "-CAfile", authority.root]
    command = ["openssl", "ts", "-verify", "-digest", digest, *files]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: ASYNC221 - a moment
    assert "Verification: OK" in done.stdout + done.stderr


@pytest.mark.parametrize("way", ["status", "garbage", "another root"])
async def test_an_authority_that_fails_stops_nothing_and_is_asked_again(
    backend: Backend, tenant: Tenant, tmp_path: Path, way: str
) -> None:
    authority = TimeAuthority(tmp_path)
    (tmp_path / "other").mkdir()
    other = TimeAuthority(tmp_path / "other")
    await write(backend, tenant, 2)
    authority.status = 503 if way == "status" else 200
    authority.reply = b"nothing" if way == "garbage" else b""

    with authority.served() as url:
        await seal_evidence(stamping(backend, url, other.root if way == "another root" else authority.root))
        unstamped = await last_checkpoint(tenant.organization.id)
        authority.status, authority.reply = 200, b""
        await seal_evidence(stamping(backend, url, authority.root))

    stamped = await last_checkpoint(tenant.organization.id)
    assert unstamped is not None
    assert stamped is not None
    assert (unstamped["stamp"], bool(unstamped["stamp_problem"])) == (None, True)
    assert (bool(stamped["stamp"]), stamped["stamp_problem"], stamped["number"]) == (True, None, unstamped["number"])
