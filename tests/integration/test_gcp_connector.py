"""Google Cloud, read from its own description by Prism, and from a scripted server where that says too little."""

import asyncio
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import jwt
import pytest
from pydantic import SecretStr

from connectors.clouds.gcp import registration
from connectors.guard import Guards
from connectors.limits import Limit
from connectors.reading.listing import Operation, Place
from connectors.reading.survey import Survey
from domain.errors import CredentialsRejected, Invalid, Misshapen
from domain.facts.inventory import GapCause
from domain.facts.resource import ResourceKind
from tests.fakes.collecting import NOW, UNBOUNDED, Collected, reach, survey
from tests.fakes.google import EMAIL, PROJECT, credentials, described, elliptic_key, google, key_file, private_key
from tests.fakes.google_answers import LINK, UNDESCRIBED, V1, plausible
from tests.fakes.node import NoPeer
from tests.fakes.peers import gcp as peers
from tests.fakes.prism import prism, refused_requests
from tests.fakes.scripted import Answered, Asked

PROJECT_GET = f"GET /v3/projects/{PROJECT}"
ME = {PROJECT_GET: {"projectId": PROJECT, "displayName": "Example", "state": "ACTIVE"}}
INSTANCES = "compute.v1:instances.aggregatedList"
DISKS = "compute.v1:disks.aggregatedList"
SECRETS = "secretmanager.v1:projects.secrets.list"
RECOMMENDATIONS = "recommender.projects.locations.recommenders.recommendations.list"
SECRETS_PATH = f"{V1}/secrets"
RECOMMENDED = f"{V1}/locations/{{location}}/recommenders/{{recommender}}/recommendations"
IMAGE = "google.compute.image.IdleResourceRecommender"
DISABLED = {
    "@type": "type.googleapis.com/google.rpc.ErrorInfo",
    "reason": "SERVICE_DISABLED",
    "metadata": {"service": "secretmanager.googleapis.com", "consumer": "projects/123"},
}
DENIED = {"reason": "IAM_PERMISSION_DENIED", "metadata": {"permission": "secretmanager.secrets.list"}}


def refused(status: int, name: str, *details: dict[str, Any], message: str = "No.") -> Answered:
    return Answered({"error": {"code": status, "message": message, "status": name, "details": details}}, status)


def listings(*names: str) -> list[Any]:
    return [one for one in registration.REGISTRATION.listings if one.operation.name in names]


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("prism") / "log"


@pytest.fixture(scope="module")
def peer(shared: Path, log: Path) -> Iterator[str]:
    try:
        with prism(shared / "specs" / "gcp.json", log) as url:
            yield url
    except NoPeer as missing:
        pytest.skip(f"needs Prism: {missing}")


def asks(operation: Operation, asked: Asked) -> bool:
    """Whether this request is one of this operation."""
    path = re.sub(r"\{\+\w+\}", ".+", re.sub(r"\{\w+\}", "[^/]+", operation.request))
    return re.fullmatch(path, f"{asked.method} {asked.path}") is not None


async def test_the_whole_survey_breaks_no_contract_and_parses_everything(peer: str, log: Path) -> None:
    with described(UNDESCRIBED, peer, plausible) as (server, forwarded):
        collected, report = await survey(registration.REGISTRATION, credentials(server.url, organization_id="123"))

    assert refused_requests(log) == []
    assert report.gaps == ()
    assert set(report.answered) == set(peers.PEERS)
    assert set(peers.PEERS) | set(peers.NOT_EXERCISED) == {one.name for one in registration.REGISTRATION.operations}
    by_prism = {
        one.name for one in registration.REGISTRATION.operations if any(asks(one, asked) for asked in forwarded)
    }
    assert by_prism == {name for name, peer in peers.PEERS.items() if peer.startswith("Prism")}
    assert {one.kind for one in collected.found} == {
        kind for one in registration.REGISTRATION.listings for kind in one.kinds
    }
    assert {kind for kind, region in report.complete if region is None} == {one.kind for one in collected.found}
    kept = str(collected.answers) + str(collected.found)
    assert [secret for secret in ("hunter-1", "hunter-2", "hunter-3") if secret in kept] == []


async def test_a_token_is_asked_for_with_the_signed_grant_and_only_where_it_belongs() -> None:
    with google(ME) as server:
        await survey(registration.REGISTRATION, credentials(server.url), listings(SECRETS))

    token, *calls = server.asked
    form = parse_qs(token.text)
    claims = jwt.decode(
        form["assertion"][0],
        private_key().public_key(),
        algorithms=["RS256"],
        audience="https://oauth2.googleapis.com/token",
        options={"verify_exp": False, "verify_iat": False},
    )
    assert (token.path, form["grant_type"]) == ("/token", ["urn:ietf:params:oauth:grant-type:jwt-bearer"])
    assert (claims["iss"], claims["scope"]) == (EMAIL, "https://www.googleapis.com/auth/cloud-platform")
    assert claims["exp"] - claims["iat"] == 3600
    assert {one.headers["authorization"] for one in calls} == {"Bearer ya29.reader"}


async def test_the_project_and_who_reads_it_are_known() -> None:
    with google(ME) as server:
        async with registration.REGISTRATION.open(credentials(server.url), reach()) as source:
            identity = await source.identity()

    assert (identity.native_id, identity.name, identity.principal) == (PROJECT, "Example", EMAIL)


@pytest.mark.parametrize("answer", [{}, [], "<html>Welcome</html>", Answered(None)])
async def test_a_project_of_another_shape_is_no_identity(answer: Any) -> None:
    with google({PROJECT_GET: answer}) as server, pytest.raises(Misshapen):
        await survey(registration.REGISTRATION, credentials(server.url), [])


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("Invalid JWT Signature.", "the key was deleted or disabled"),
        ("Invalid grant: account not found", "the service account was deleted or disabled"),
        ("Invalid JWT: Token must be a short-lived token (60 minutes)", "the clock of this machine is wrong"),
        ("Something else.", "Something else."),
    ],
)
async def test_a_key_that_is_refused_is_said_to_be_refused(said: str, words: str) -> None:
    answer = Answered({"error": "invalid_grant", "error_description": said}, 400)
    with google({"POST /token": answer}) as server, pytest.raises(CredentialsRejected, match=words):
        await survey(registration.REGISTRATION, credentials(server.url), [])


async def test_a_file_that_is_no_key_is_refused_without_being_quoted() -> None:
    broken = key_file(private_key="-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n")
    elliptic = key_file(private_key=elliptic_key())
    for text in ("hello", "[]", key_file(type="authorized_user"), broken, elliptic):
        given = credentials("http://127.0.0.1:1", service_account_key=SecretStr(text))
        with pytest.raises(Invalid, match="no key file") as caught:
            await survey(registration.REGISTRATION, given, [])
        assert caught.value.path == ("service_account_key",)
        assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("answer", "cause", "missing"),
    [
        (refused(403, "PERMISSION_DENIED", DISABLED), GapCause.PLAN, "the API secretmanager.googleapis.com"),
        (refused(403, "PERMISSION_DENIED", DENIED), GapCause.PERMISSION, "secretmanager.secrets.list"),
        (refused(429, "RESOURCE_EXHAUSTED"), GapCause.THROTTLED, None),
        (refused(401, "UNAUTHENTICATED"), GapCause.FAILED, None),
        (refused(400, "INVALID_ARGUMENT"), GapCause.FAILED, None),
        (refused(503, "UNAVAILABLE"), GapCause.UNAVAILABLE, None),
        (Answered("<html>Welcome</html>"), GapCause.MISSHAPEN, None),
        (Answered({"secrets": {"not": "a list"}}), GapCause.MISSHAPEN, None),
        (Answered({"secrets": [{"no": "name"}]}), GapCause.MISSHAPEN, None),
        (Answered({"secrets": [{"name": "s", "createTime": "yesterday"}]}), GapCause.MISSHAPEN, None),
        (Answered({"secrets": []}, cut=True), GapCause.UNAVAILABLE, None),
        (Answered({"secrets": [{"name": "s"}], "nextPageToken": "again"}), GapCause.CUT_SHORT, None),
        (Answered({"unreachable": ["projects/p/locations/europe-west9"]}), GapCause.CUT_SHORT, None),
    ],
    ids=[
        "api_off",
        "permission",
        "throttled",
        "rejected",
        "bad_request",
        "down",
        "page",
        "shape",
        "item",
        "time",
        "cut",
        "repeats",
        "unreachable",
    ],
)
async def test_a_list_that_cannot_be_read_is_a_gap_and_not_an_empty_list(
    answer: Answered, cause: GapCause, missing: str | None
) -> None:
    with google(ME | {SECRETS_PATH: answer}) as server:
        _, report = await survey(registration.REGISTRATION, credentials(server.url), listings(SECRETS))

    (gap,) = report.gaps
    assert (gap.cause, gap.missing, gap.unlisted) == (cause, missing, (ResourceKind.GCP_SECRET,))
    assert report.complete == frozenset()


async def test_all_pages_are_read() -> None:
    def pages(asked: Asked) -> Any:
        if asked.query.get("pageToken") == ["p2"]:
            return {"secrets": [{"name": "projects/1/secrets/b"}]}
        return {"secrets": [{"name": "projects/1/secrets/a"}], "nextPageToken": "p2"}

    with google(ME | {SECRETS_PATH: pages}) as server:
        collected, report = await survey(registration.REGISTRATION, credentials(server.url), listings(SECRETS))

    assert [one.name for one in collected.found] == ["a", "b"]
    assert report.complete == {(ResourceKind.GCP_SECRET, None)}


def zone(name: str) -> str:
    return f"{LINK}/zones/{name}"


def instance(name: str, where: str) -> dict[str, Any]:
    return {"name": name, "selfLink": f"{zone(where)}/instances/{name}", "zone": zone(where)}


async def test_a_zone_that_cannot_be_reached_is_a_gap_and_the_others_are_read() -> None:
    answer = {
        "items": {
            "zones/us-central1-a": {"instances": [instance("vm-1", "us-central1-a")]},
            "zones/europe-west1-b": {"warning": {"code": "UNREACHABLE", "message": "down"}},
            "zones/asia-east1-a": {"warning": {"code": "NO_RESULTS_ON_PAGE", "message": "none"}},
        }
    }
    with google(ME | {f"GET /compute/v1/projects/{PROJECT}/aggregated/instances": answer}) as server:
        collected, report = await survey(registration.REGISTRATION, credentials(server.url), listings(INSTANCES))

    (gap,) = report.gaps
    assert [one.name for one in collected.found] == ["vm-1"]
    assert (gap.cause, gap.unlisted) == (GapCause.CUT_SHORT, (ResourceKind.GCP_INSTANCE,))
    assert "zones/europe-west1-b" in gap.reason
    assert "asia-east1-a" not in gap.reason
    assert server.asked[-1].query["returnPartialSuccess"] == ["true"]


async def test_metadata_is_kept_without_what_people_wrote_into_it() -> None:
    items = [
        {"key": "startup-script", "value": "export TOKEN=hunter-4"},
        {"key": "ssh-keys", "value": "root:ssh-ed25519 hunter-5"},
        {"key": "enable-oslogin", "value": "TRUE"},
    ]
    answer = {"name": PROJECT, "commonInstanceMetadata": {"fingerprint": "f", "items": items}}
    with google(ME | {f"GET /compute/v1/projects/{PROJECT}": answer}) as server:
        listed = listings("cloudresourcemanager.v3:projects.get")
        collected, _ = await survey(registration.REGISTRATION, credentials(server.url), listed)

    (project,) = collected.found
    kept = {one["key"]: one["value"] for one in project.config["compute"]["commonInstanceMetadata"]["items"]}
    assert kept == {"startup-script": "(hidden)", "ssh-keys": "(hidden)", "enable-oslogin": "TRUE"}
    assert "hunter" not in str(collected.answers)


def used(**answers: Any) -> dict[str, Any]:
    """A project with one machine in us-central1-a and a bucket in a pair of regions; everything else is empty."""
    machines = {"items": {"zones/us-central1-a": {"instances": [instance("vm-1", "us-central1-a")]}}}
    return {
        **ME,
        f"GET /compute/v1/projects/{PROJECT}/aggregated/instances": machines,
        "GET /storage/v1/b": {"items": [{"name": "b", "location": "NAM4"}]},
        **answers,
    }


async def test_each_recommender_is_asked_where_something_is() -> None:
    with google(used()) as server:
        _, report = await survey(registration.REGISTRATION, credentials(server.url), listings(RECOMMENDATIONS))

    asked = [one.path.split("/") for one in server.asked if one.path.endswith("/recommendations")]
    places: dict[str, set[str]] = {}
    for path in asked:
        places.setdefault(path[7], set()).add(path[5])
    assert set.union(*places.values()) == {"us-central1-a", "us-central1", "global"}
    assert places["google.compute.instance.IdleResourceRecommender"] == {"us-central1-a"}
    assert places["google.cloudsql.instance.IdleRecommender"] == {"us-central1"}
    assert places["google.iam.policy.Recommender"] == {"global"}
    assert report.complete == {(ResourceKind.GCP_RECOMMENDATION, None)}


def images(page: Any) -> dict[str, Any]:
    return used(**{f"{V1}/locations/global/recommenders/{IMAGE}/recommendations": page})


def recommendation(number: int) -> dict[str, Any]:
    name = f"projects/{PROJECT}/locations/global/recommenders/{IMAGE}/recommendations/r{number}"
    cost = {"cost": {"currencyCode": "USD", "units": "-48"}, "duration": "2592000s"}
    impact = {"category": "COST", "costProjection": cost}
    return {"name": name, "description": f"Delete image {number}", "primaryImpact": impact, "priority": "P2"}


async def test_recommendations_are_read_page_by_page_as_the_interface_prints_them() -> None:
    def pages(asked: Asked) -> Any:
        if asked.query.get("pageToken") == ["p2"]:
            return {"recommendations": [recommendation(2)]}
        return {"recommendations": [recommendation(1)], "nextPageToken": "p2"}

    with google(images(pages)) as server:
        collected, report = await survey(registration.REGISTRATION, credentials(server.url), listings(RECOMMENDATIONS))

    found = {one.name: one for one in collected.found}
    assert set(found) == {"Delete image 1", "Delete image 2"}
    assert found["Delete image 1"].native_id == f"//recommender.googleapis.com/{recommendation(1)['name']}"
    assert found["Delete image 1"].config == recommendation(1)
    assert report.gaps == ()
    headers = [one.headers for one in server.asked if one.path.endswith("/recommendations")]
    assert {one["authorization"] for one in headers} == {"Bearer ya29.reader"}


@pytest.mark.parametrize(
    ("answer", "cause", "missing"),
    [
        (refused(403, "PERMISSION_DENIED", DISABLED), GapCause.PLAN, "the API secretmanager.googleapis.com"),
        (refused(403, "PERMISSION_DENIED", DENIED), GapCause.PERMISSION, "secretmanager.secrets.list"),
        (refused(429, "RESOURCE_EXHAUSTED"), GapCause.THROTTLED, None),
        (refused(401, "UNAUTHENTICATED"), GapCause.FAILED, None),
        (refused(500, "INTERNAL"), GapCause.UNAVAILABLE, None),
        (Answered("<html>Bad gateway</html>", 502), GapCause.UNAVAILABLE, None),
        (Answered("<html>Welcome</html>"), GapCause.MISSHAPEN, None),
        (Answered({"recommendations": "none"}), GapCause.MISSHAPEN, None),
        (Answered({"recommendations": []}, cut=True), GapCause.UNAVAILABLE, None),
        (Answered(None, 302, {"Location": "http://127.0.0.1:1/"}), GapCause.UNAVAILABLE, None),
    ],
    ids=["api_off", "permission", "throttled", "rejected", "down", "gateway", "page", "shape", "cut", "redirect"],
)
async def test_recommendations_that_cannot_be_read_are_a_gap_and_asked_for_once(
    answer: Answered, cause: GapCause, missing: str | None
) -> None:
    # The guard alone tries again: with a guard that does not, each request is one that the library itself makes.
    guards = Guards(limits=lambda *_: Limit(attempts=1, failures=0))
    with google(images(answer)) as server:
        listed = listings(RECOMMENDATIONS)
        _, report = await survey(registration.REGISTRATION, credentials(server.url), listed, guards=guards)

    (gap,) = report.gaps
    assert (gap.cause, gap.missing, gap.unlisted) == (cause, missing, (ResourceKind.GCP_RECOMMENDATION,))
    assert report.complete == frozenset()
    assert len([one for one in server.asked if IMAGE in one.path]) == 1


@pytest.mark.parametrize("name", [SECRETS, RECOMMENDATIONS])
async def test_a_call_that_hangs_is_given_up(name: str) -> None:
    limits = {
        one: Limit(attempts=1, failures=0, timeout=timedelta(seconds=2)) for one in ("secretmanager", "recommender")
    }
    impatient = Guards(limits=lambda _, service: limits.get(service, UNBOUNDED))
    hanging = Answered({}, hangs=4)
    answers = used(**{SECRETS_PATH: hanging, f"{V1}/locations/global/recommenders/{IMAGE}/recommendations": hanging})
    collected = Collected()
    with google(answers) as server:
        async with registration.REGISTRATION.open(credentials(server.url), reach(impatient)) as source:
            # A connection and a token first: what hangs is the one call.
            await source.regions()
            run = Survey(source, collected, Place(account_id=PROJECT, region=None, now=NOW))
            report = await run.read(listings(name))

    (gap,) = report.gaps
    assert gap.cause is GapCause.UNAVAILABLE
    assert "within 2 seconds" in gap.reason
    assert report.complete == frozenset()


async def test_without_the_locations_in_use_nothing_is_concluded_and_they_are_asked_for_once() -> None:
    path = f"GET /compute/v1/projects/{PROJECT}/aggregated/disks"
    names = (RECOMMENDATIONS, "dlp.v2:projects.locations.discoveryConfigs.list")
    with google(used(**{path: refused(403, "PERMISSION_DENIED")})) as server:
        _, report = await survey(registration.REGISTRATION, credentials(server.url), listings(*names))

    assert {(gap.operation, gap.cause) for gap in report.gaps} == {(name, GapCause.PERMISSION) for name in names}
    assert report.complete == frozenset()
    assert server.paths().count(path) == 1


async def test_an_interface_that_is_off_has_nothing_in_use() -> None:
    off = refused(403, "PERMISSION_DENIED", {"reason": "SERVICE_DISABLED", "metadata": {}})
    with google(used(**{f"{V1}/instances": off})) as server:
        async with registration.REGISTRATION.open(credentials(server.url), reach()) as source:
            assert await source.regions() == ("global", "us-central1", "us-central1-a")


async def test_a_project_without_billing_may_still_use_what_it_used() -> None:
    off = refused(403, "PERMISSION_DENIED", {"reason": "BILLING_DISABLED", "metadata": {}})
    with google(used(**{f"{V1}/instances": off})) as server:
        _, report = await survey(registration.REGISTRATION, credentials(server.url), listings(RECOMMENDATIONS))

    assert [(gap.cause, gap.missing) for gap in report.gaps] == [(GapCause.PLAN, "billing for the project")]
    assert report.complete == frozenset()


async def test_a_location_of_another_shape_is_not_taken_for_none() -> None:
    with google(used(**{f"{V1}/instances": {"items": [{"name": "no region"}]}})) as server:
        async with registration.REGISTRATION.open(credentials(server.url), reach()) as source:
            with pytest.raises(Misshapen, match="KeyError"):
                await source.regions()


async def test_what_belongs_to_the_organization_names_it_where_it_is_not_given() -> None:
    name = "cloudresourcemanager.v3:organizations.get"
    with google(ME) as server:
        _, report = await survey(registration.REGISTRATION, credentials(server.url), listings(name))

    (gap,) = report.gaps
    assert (gap.cause, gap.missing) == (GapCause.PLAN, "the organization's id, given with the account")
    assert gap.unlisted == (ResourceKind.GCP_DIRECTORY_USER,)


async def test_the_directory_is_read_with_its_own_scopes_and_named_by_them() -> None:
    answers = ME | {
        "GET /v3/organizations/123": {"name": "organizations/123", "directoryCustomerId": "C0123abcd"},
        "GET /admin/directory/v1/users": refused(403, "", message="Not Authorized to access this resource/api"),
    }
    with google(answers) as server:
        names = listings("cloudresourcemanager.v3:organizations.get")
        _, report = await survey(registration.REGISTRATION, credentials(server.url, organization_id="123"), names)

    (gap,) = report.gaps
    assert gap.cause is GapCause.PERMISSION
    assert gap.missing is not None
    assert "Users > Read" in gap.missing
    grants = [parse_qs(one.text)["assertion"][0] for one in server.asked if one.path == "/token"]
    scopes = [jwt.decode(one, options={"verify_signature": False})["scope"] for one in grants]
    assert sorted(one.count("admin.directory") for one in scopes) == [0, 0, 2]
    (users,) = (one for one in server.asked if one.path == "/admin/directory/v1/users")
    assert users.query["customer"] == ["C0123abcd"]


async def test_a_token_that_is_refused_is_replaced_for_the_next_call() -> None:
    with google(ME | {SECRETS_PATH: refused(401, "UNAUTHENTICATED")}) as server:
        async with registration.REGISTRATION.open(credentials(server.url), reach()) as source:
            (listing,) = listings(SECRETS)
            with pytest.raises(CredentialsRejected):
                await anext(source.pages(listing.operation, Place(account_id=PROJECT, region=None, now=NOW), {}))
            await source.identity()

    assert server.paths().count("POST /token") == 2


async def test_many_calls_at_once_share_one_token() -> None:
    with google(ME) as server:
        async with registration.REGISTRATION.open(credentials(server.url), reach()) as source:
            await asyncio.gather(*(source.identity() for _ in range(5)))

    assert server.paths().count("POST /token") == 1


async def test_the_other_projects_in_use_are_found_with_the_same_key() -> None:
    projects = [
        {"projectId": PROJECT, "state": "ACTIVE"},
        {"projectId": "second-project", "displayName": "Second", "state": "ACTIVE"},
        {"projectId": "third-project", "state": "ACTIVE"},
        {"projectId": "deleted-project", "state": "DELETE_REQUESTED"},
    ]
    with google({"GET /v3/projects:search": {"projects": projects}}) as server:
        given = credentials(server.url)
        async with registration.REGISTRATION.open(given, reach()) as source:
            members = await registration.fetch_members(source, given)

    assert [(one.native_id, one.name) for one in members] == [
        ("second-project", "Second"),
        ("third-project", "third-project"),
    ]
    assert {one.credentials.service_account_key for one in members} == {given.service_account_key}  # type: ignore[attr-defined]  # of the vendor's class
