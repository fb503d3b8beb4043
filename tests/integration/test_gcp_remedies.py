"""Faults are made in a Google Cloud with a state, found, mended, looked at again, and taken back."""

import json
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from app.wiring import Backend
from connectors.clouds.gcp import registration
from connectors.clouds.gcp import source as gcp_source
from connectors.reading.source import Source
from domain.errors import ProviderError, Rejected
from domain.remediation.remedy import Reversible
from tests.factories.gcp_faults import (
    FAULTS,
    GcpFault,
    busy_service,
    idle_cluster,
    idle_database,
    idle_machine,
    large_role,
    loose_disk,
    machine,
    public_bucket,
    steady_machines,
)
from tests.factories.graph import Graph
from tests.factories.remediation_house import Household, make_household
from tests.factories.remedies import kept_of, reached_of
from tests.fakes import google_lists
from tests.fakes.collecting import reach
from tests.fakes.google import EMAIL, credentials, key_file
from tests.fakes.google_cloud import GoogleCloud
from tests.fakes.google_state import COMPUTE, POLICY, REGION, ZONE, P
from tests.fakes.playing import Play
from tests.fakes.playing_by_jobs import ByJobs
from tests.fakes.trying import TriedTwice

REGISTRATION = registration.REGISTRATION
# What every write gives anew.
MARKS = frozenset({"etag", "fingerprint", "version"})


@pytest.fixture(scope="module")
def running() -> Iterator[GoogleCloud]:
    with pytest.MonkeyPatch.context() as patch, GoogleCloud().served() as cloud:
        patch.setattr(gcp_source, "FOLLOWED_EVERY", timedelta())
        yield cloud


@pytest.fixture(scope="module")
async def opened(running: GoogleCloud) -> AsyncIterator[Source]:
    async with REGISTRATION.open(credentials(running.url), reach()) as made:
        yield made


@pytest.fixture
def cloud(running: GoogleCloud) -> GoogleCloud:
    running.reset()
    return running


@pytest.fixture
def source(opened: Source) -> Source:
    # Where something is, is asked once for each way in, and each test has something else.
    opened._regions = None  # type: ignore[attr-defined]  # of the source of Google Cloud
    return opened


@pytest.fixture
async def household(backend: Backend, graph: Graph, running: GoogleCloud) -> Household:
    return await make_household(backend, graph, REGISTRATION.provider, credentials(running.url))


@dataclass
class Twice(TriedTwice):
    """Each step is tried a second time, as after a crash; everything there is stays as it was."""

    cloud: GoogleCloud | None = None

    async def _state(self) -> Any:
        assert self.cloud is not None
        return plain(self.cloud.state())


def plain(state: Any, moves: Sequence[str] = ()) -> Any:
    """The state without what moves by itself; lists of members and bindings have no order."""
    if isinstance(state, dict):
        left_out = MARKS | set(moves)
        return {key: plain(one, moves) for key, one in state.items() if key not in left_out and one not in ([], {})}
    if isinstance(state, list):
        return sorted((plain(one, moves) for one in state), key=repr)
    return state


def play_of(fault: GcpFault, source: Source) -> dict[str, Any]:
    return {
        "registration": REGISTRATION,
        "source": source,
        "rule_id": fault.rule_id,
        "parameters": fault.parameters,
        "bills": fault.bills,
    }


async def mended_and_undone(play: Play, fault: GcpFault, cloud: GoogleCloud) -> None:
    native_id = fault.make(cloud)
    before = cloud.state()

    steps = await play.mend(native_id)

    assert plain(cloud.state()) != plain(before)
    if play.rule.remedy.reversible is not Reversible.NO:
        await play.undo(steps)
        after = {path: one for path, one in cloud.state().items() if path not in fault.leaves}
        assert plain(after, fault.moves) == plain(before, fault.moves)
        assert (native_id in await play.firing()) is not fault.is_over
    assert cloud.refused == []
    assert "hunter" not in str(play.answers)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.id)
async def test_fault_is_found_mended_verified_and_taken_back(
    fault: GcpFault, cloud: GoogleCloud, source: Source, household: Household
):
    await mended_and_undone(ByJobs(**play_of(fault, source), household=household), fault, cloud)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.id)
async def test_a_second_try_of_each_step_comes_to_the_same(fault: GcpFault, cloud: GoogleCloud, source: Source):
    await mended_and_undone(Twice(**play_of(fault, source), cloud=cloud), fault, cloud)


@pytest.mark.parametrize(
    ("rule_id", "make", "kind", "code"),
    [
        ("gcp-vm-idle", idle_machine, "compute.instances.stop", "RESOURCE_NOT_READY"),
        ("gcp-cud-purchase", steady_machines, "compute.regionCommitments.insert", "QUOTA_EXCEEDED"),
        ("gcp-sql-idle", idle_database, "sql.instances.patch", "INTERNAL_ERROR"),
        ("gcp-run-cpu", busy_service, "run.services.patch", "FAILED_PRECONDITION"),
        ("gcp-gke-idle", idle_cluster, "container.setSize", "STOCKOUT"),
    ],
)
async def test_an_operation_that_fails_is_rejected_with_its_code(rule_id, make, kind, code, cloud, source):
    play = Play(REGISTRATION, source, rule_id)
    native_id = make(cloud)
    cloud.failing[kind] = code
    before = cloud.state()

    with pytest.raises(Rejected, match=code):
        await play.mend(native_id)

    assert cloud.state() == before


async def test_what_others_changed_meanwhile_is_kept(cloud: GoogleCloud, source: Source):
    play = Play(REGISTRATION, source, "gcp-iam-overgranted")
    steps = await play.plan(large_role(cloud))
    newcomer = {"role": "roles/browser", "members": ["user:d@shop.example"]}
    cloud.things[POLICY]["bindings"].append(newcomer)
    cloud.things[POLICY]["etag"] = "p-2"

    await play.make(steps)

    assert newcomer in cloud.things[POLICY]["bindings"]
    assert cloud.things[POLICY]["auditConfigs"]


async def test_a_write_that_somebody_else_overtakes_is_refused(cloud: GoogleCloud, source: Source, monkeypatch):
    play = Play(REGISTRATION, source, "gcp-bucket-public")
    steps = await play.plan(public_bucket(cloud))
    before = cloud.state()
    answer = google_lists.read

    def overtaken(*asked: Any) -> Any:
        found = dict(answer(*asked))
        if asked[2].endswith("/iam"):
            found["etag"] = "of yesterday"
        return found

    monkeypatch.setattr(google_lists, "read", overtaken)

    with pytest.raises(ProviderError, match="412"):
        await play.make(steps)

    assert cloud.state() == before


async def test_the_key_that_is_acted_with_is_never_disabled(cloud: GoogleCloud, source: Source):
    account = f"{P}/serviceAccounts/{EMAIL}"
    cloud.put(f"/v1/{account}", name=account, email=EMAIL)
    name = f"{account}/keys/{json.loads(key_file())['private_key_id']}"
    cloud.put(f"/v1/{name}", name=name, keyType="USER_MANAGED", validAfterTime="2026-01-01T00:00:00Z")
    play = Play(REGISTRATION, source, "gcp-sa-key-old")

    with pytest.raises(Rejected, match="acts with"):
        await play.mend(f"//iam.googleapis.com/{name}")

    assert "disabled" not in cloud.things[f"/v1/{name}"]


async def test_a_disk_is_kept_when_its_snapshot_fails(cloud: GoogleCloud, source: Source):
    play = Play(REGISTRATION, source, "gcp-disk-idle")
    native_id = loose_disk(cloud, "SNAPSHOT_AND_DELETE_DISK")
    cloud.failing["compute.disks.createSnapshot"] = "INTERNAL_ERROR"

    with pytest.raises(Rejected, match="INTERNAL_ERROR"):
        await play.mend(native_id)

    assert f"{COMPUTE}/zones/{ZONE}/disks/data" in cloud.things


@pytest.mark.parametrize(
    ("rule_id", "recommender"),
    [
        ("gcp-bq-slots", "google.bigquery.capacityCommitments.Recommender"),
        ("gcp-spend-cud", "google.cloudbilling.commitment.SpendBasedCommitmentRecommender"),
    ],
)
async def test_what_only_people_can_buy_is_found(
    rule_id, recommender, cloud: GoogleCloud, source: Source, household: Household
):
    machine(cloud)
    play = ByJobs(REGISTRATION, source, rule_id, household=household)
    found = cloud.recommend(recommender, REGION, "")
    if rule_id == "gcp-spend-cud":
        account = "billingAccounts/00AA11-22BB33-44CC55"
        cloud.put(f"/v1/{P}/billingInfo", billingAccountName=account, billingEnabled=True)
        of_account = {path.replace(P, account): one for path, one in cloud.things.items() if recommender in path}
        for path, one in of_account.items():
            cloud.things[path] = {**one, "name": path.removeprefix("/v1/")}
        found = found.replace(P, account)

    assert set(await play.firing()) == {found}
    assert play.rule.manual


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", f"/compute/v1/{P}/zones/{ZONE}/instances/web/launch", {}),
        ("PATCH", "/storage/v1/b/shop-logs", {"nickname": "logs"}),
        ("POST", f"/compute/v1/{P}/zones/{ZONE}/disks", {"name": "d", "colour": "red"}),
        ("DELETE", f"/compute/v1/{P}/global/snapshots/s?force=true", None),
    ],
)
def test_the_stand_in_refuses_what_google_does_not_know(method, path, body, cloud: GoogleCloud):
    answer = httpx2.request(method, f"{cloud.url}{path}", json=body)

    assert answer.status_code == 400
    assert len(cloud.refused) == 1


def test_what_is_reached_here_is_what_the_page_of_rules_says() -> None:
    rules = {*(fault.rule_id for fault in FAULTS), "gcp-bq-slots", "gcp-spend-cud"}

    assert reached_of(rules) == kept_of(rules), "run `make remedies`, then `make rules`, and read the difference"
