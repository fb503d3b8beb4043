"""DigitalOcean read whole: from its own description by Prism, from a scripted team, and Spaces from moto."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import boto3
import pytest

from connectors.clouds.digitalocean import data, registration
from domain.errors import CredentialsRejected, Misshapen
from domain.facts.credentials import DigitalOceanCredentials
from domain.facts.inventory import GapCause
from domain.facts.resource import ResourceKind
from tests.fakes.aws import REGION, Moto
from tests.fakes.collecting import NOW, Collected, survey
from tests.fakes.digitalocean import DATABASE, POSTGRESQL, SECRETS, UNDESCRIBED, WORLD
from tests.fakes.node import NoPeer
from tests.fakes.peers import digitalocean as peers
from tests.fakes.prism import prism
from tests.fakes.scripted_rest import Answer, Call, Scripted, broken_requests

SPACES = next(one for one in data.LISTINGS if one.operation.name == "SPACES s3.list_buckets")
# The database of the description's example.
DESCRIBED = "9cc10173-e9ea-4176-9dbc-a4cee4c4ff30"
API = tuple(one for one in registration.REGISTRATION.listings if one is not SPACES)


def of(name: str):
    """The listing of this call."""
    return next(one for one in registration.REGISTRATION.listings if one.operation.name == f"GET {name}")


def credentials(url: str, **more: str) -> DigitalOceanCredentials:
    return DigitalOceanCredentials(token="dop_v1_x", endpoint_url=url, **more)


@pytest.fixture
def team() -> Iterator[Scripted]:
    with Scripted().served() as scripted:
        scripted.told.update({path: Answer(body) for path, body in WORLD.items()})
        yield scripted


@pytest.fixture(scope="module")
def described(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    try:
        with prism(shared / "specs" / "digitalocean.json", tmp_path_factory.mktemp("prism") / "log") as url:
            yield url
    except NoPeer as missing:
        pytest.skip(f"needs Prism: {missing}")


async def test_no_request_breaks_the_description_and_every_item_is_parsed(described):
    with Scripted(behind=described).served() as scripted:
        # Ids are those of the description's examples.
        paths = {
            path.replace(DATABASE, DESCRIBED).replace(POSTGRESQL, DESCRIBED): told for path, told in UNDESCRIBED.items()
        }
        scripted.told.update({path: Answer(body) for path, body in paths.items()})
        _, report = await survey(registration.REGISTRATION, credentials(scripted.url), API)

    assert broken_requests(scripted) == []
    assert {gap.cause for gap in report.gaps} == {GapCause.CUT_SHORT}
    assert all("api.digitalocean.com, which is another server" in gap.reason for gap in report.gaps)
    # Their examples name a next page at the real address.
    assert {gap.operation for gap in report.gaps} == {
        "GET /v2/sizes",
        "GET /v2/customers/my/billing_history",
        "GET /v2/customers/my/invoices",
        "GET /v2/customers/my/invoices/{invoice_uuid}",
    }
    by_prism = {name for name, peer in peers.PEERS.items() if peer == peers.PRISM}
    assert by_prism <= report.answered.keys()
    assert set(peers.PEERS) | set(peers.NOT_EXERCISED) == {one.name for one in registration.REGISTRATION.operations}


async def test_a_scripted_team_is_read_without_a_gap_and_without_a_secret(team):
    collected, report = await survey(registration.REGISTRATION, credentials(team.url), API)

    assert report.gaps == ()
    assert {
        name for name, peer in peers.PEERS.items() if peer in (peers.PRISM, peers.SCRIPTED)
    } == report.answered.keys()
    assert {kind for kind, _ in report.complete} == {kind for one in API for kind in one.kinds}
    # One of each, and a second database, of the other engine that has calls of its own.
    assert len(collected.found) == len(report.complete) + 1
    kept = json.dumps([one.answer for one in collected.answers]) + str(collected.found)
    assert not [secret for secret in SECRETS if secret in kept]
    assert {call.headers["authorization"] for call in team.calls} == {"Bearer dop_v1_x"}


async def test_a_droplet_carries_what_rules_ask_for(team):
    collected, _ = await survey(registration.REGISTRATION, credentials(team.url), [of("/v2/droplets")])

    (droplet,) = collected.found
    assert (droplet.native_id, droplet.region, droplet.tags) == ("7", "fra1", {"environment": "production", "web": ""})
    assert droplet.config["firewalls"] == [{"id": "fw-1"}]
    assert droplet.config["last_power_off"]["id"] == 2
    # Of 100 s the processor worked 10, then of another 100 s it worked 40.
    assert (droplet.config["cpu_percent"]["min"], droplet.config["cpu_percent"]["max"]) == (10, 40)
    (cpu,) = team.asked("/v2/monitoring/metrics/droplet/cpu")
    midnight = NOW.replace(hour=0)
    assert cpu.query["end"] == str(int(midnight.timestamp()))
    assert cpu.query["start"] == str(int((midnight - timedelta(days=14)).timestamp()))


async def test_all_pages_are_read(team):
    def page(call: Call) -> Answer:
        number = int(call.query.get("page", "1"))
        pages = {"next": f"{team.url}/v2/vpcs?page={number + 1}&per_page=200"} if number < 3 else {}
        return Answer({"vpcs": [{"id": f"vpc-{number}"}], "links": {"pages": pages}})

    team.told["/v2/vpcs"] = page
    collected, report = await survey(registration.REGISTRATION, credentials(team.url), [of("/v2/vpcs")])

    assert [one.native_id for one in collected.found] == ["vpc-1", "vpc-2", "vpc-3"]
    assert report.gaps == ()
    assert [call.query["per_page"] for call in team.asked("/v2/vpcs")] == ["200"] * 3


async def test_daily_costs_are_read_page_by_number(team):
    (path,) = (path for path in WORLD if "/insights/" in path)

    def page(call: Call) -> Answer:
        number = int(call.query.get("page", "1"))
        return Answer({"data_points": [{"sku": number}], "current_page": number, "total_pages": 2})

    team.told[path] = page
    _, report = await survey(
        registration.REGISTRATION,
        credentials(team.url),
        [of("/v2/billing/{account_urn}/insights/{start_date}/{end_date}")],
    )

    assert (list(report.answered.values()), report.gaps) == ([2], ())


async def test_list_that_repeats_itself_is_cut_short(team):
    team.told["/v2/vpcs"] = Answer(
        {"vpcs": [{"id": "vpc-1"}], "links": {"pages": {"next": f"{team.url}/v2/vpcs?page=2"}}}
    )
    _, report = await survey(registration.REGISTRATION, credentials(team.url), [of("/v2/vpcs")])

    assert [gap.cause for gap in report.gaps] == [GapCause.CUT_SHORT]
    assert report.complete == frozenset()


async def test_actions_are_read_back_to_the_last_complete_read(team):
    def page(call: Call) -> Answer:
        day = 26 - int(call.query.get("page", "1"))
        following = f"{team.url}/v2/actions?page={26 - day + 1}"
        return Answer(
            {
                "actions": [{"id": day, "started_at": f"2026-11-{day:02}T00:00:00Z"}],
                "links": {"pages": {"next": following}},
            }
        )

    team.told["/v2/actions"] = page
    into = Collected()
    # The pages go back day by day; the one of the 22nd is the first from before this.
    into.started = {("GET /v2/actions", None): NOW - timedelta(days=3)}  # type: ignore[dict-item]  # a PartKey is a tuple
    _, report = await survey(registration.REGISTRATION, credentials(team.url), [of("/v2/actions")], into=into)

    assert (report.answered["GET /v2/actions"], report.gaps) == (3, ())


async def test_lines_of_invoices_are_read_again_only_while_they_may_change(team):
    into = Collected()
    into.started = {("GET /v2/customers/my/invoices", None): NOW - timedelta(days=1)}  # type: ignore[dict-item]
    team.told["/v2/customers/my/invoices"] = Answer(
        {
            "invoice_preview": {"invoice_uuid": "preview", "invoice_period": "2026-11"},
            "invoices": [
                {"invoice_uuid": f"invoice-{month}", "invoice_period": f"2026-{month}"} for month in ("10", "09")
            ],
        }
    )
    team.told["/v2/customers/my/invoices/preview"] = Answer({"invoice_items": []})
    collected, report = await survey(
        registration.REGISTRATION, credentials(team.url), [of("/v2/customers/my/invoices")], into=into
    )

    assert [one.native_id for one in collected.found] == ["preview", "invoice-10", "invoice-09"]
    assert (report.answered["GET /v2/customers/my/invoices/{invoice_uuid}"], report.gaps) == (2, ())


async def test_several_registries_are_read_from_the_newer_list(team):
    team.told["/v2/registry"] = Answer({"message": "This API is not supported"}, 412)
    team.told["/v2/registries"] = Answer({"registries": [{"name": "shop"}]})
    collected, report = await survey(registration.REGISTRATION, credentials(team.url), [of("/v2/registry")])

    assert [one.name for one in collected.found] == ["shop"]
    assert report.gaps == ()


async def test_team_without_a_registry_has_none(team):
    team.told["/v2/registry"] = Answer({"message": "registry does not exist"}, 404)
    collected, report = await survey(registration.REGISTRATION, credentials(team.url), [of("/v2/registry")])

    assert (collected.found, report.gaps) == ([], ())
    assert report.complete == {(ResourceKind.DIGITALOCEAN_REGISTRY, None)}


@pytest.mark.parametrize("status", [404, 403])
async def test_posture_scans_that_are_not_switched_on_are_a_matter_of_the_plan(team, status):
    team.told["/v2/security/scans/latest"] = Answer({"id": "not_found", "message": "CSPM_NOT_ENABLED"}, status)
    collected, report = await survey(registration.REGISTRATION, credentials(team.url), [of("/v2/account")])

    (gap,) = report.gaps
    assert (gap.cause, gap.operation) == (GapCause.PLAN, "GET /v2/security/scans/latest")
    assert "Cloud Security Posture Management" in (gap.missing or "")
    assert "scan" not in collected.found[0].config


async def test_rejected_token_names_the_credentials(team):
    team.told["/v2/account"] = Answer({"id": "unauthorized", "message": "Unable to authenticate you"}, 401)

    with pytest.raises(CredentialsRejected, match="Unable to authenticate you"):
        await survey(registration.REGISTRATION, credentials(team.url))


async def test_answer_that_names_nobody_proves_nothing(team):
    team.told["/v2/account"] = Answer({"account": {}})

    with pytest.raises(Misshapen):
        await survey(registration.REGISTRATION, credentials(team.url))


async def test_spaces_are_read_by_their_own_key(team):
    with Moto().served() as moto:
        s3 = boto3.client(
            "s3", endpoint_url=moto.url, region_name=REGION, aws_access_key_id="x", aws_secret_access_key="x"
        )
        s3.create_bucket(Bucket="open", ACL="public-read")
        s3.create_bucket(Bucket="tidy")
        rule = {"ID": "old", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 30}}
        s3.put_bucket_lifecycle_configuration(Bucket="tidy", LifecycleConfiguration={"Rules": [rule]})
        key = {"spaces_key_id": "x", "spaces_secret": "x", "spaces_url": moto.url}
        collected, report = await survey(registration.REGISTRATION, credentials(team.url, **key), [SPACES])

    open_space, tidy = sorted(collected.found, key=lambda one: one.name)
    assert report.gaps == ()
    assert {name for name, peer in peers.PEERS.items() if peer == peers.MOTO} == report.answered.keys() | {
        "SPACES s3.get_bucket_lifecycle_configuration"
    }
    assert "http://acs.amazonaws.com/groups/global/AllUsers" in str(open_space.config["Grants"])
    assert open_space.config["LifecycleRules"] is None
    assert tidy.config["LifecycleRules"][0]["Expiration"] == {"Days": 30}


async def test_without_a_spaces_key_one_gap_names_it(team):
    _, report = await survey(registration.REGISTRATION, credentials(team.url), [SPACES])

    (gap,) = report.gaps
    assert (gap.cause, gap.missing, gap.unlisted) == (
        GapCause.PERMISSION,
        "Spaces access key",
        (ResourceKind.DIGITALOCEAN_SPACE,),
    )
