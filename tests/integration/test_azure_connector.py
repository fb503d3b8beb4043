"""Azure, read from its own description by Prism, and from a scripted server where that says too little."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.clouds.azure import registration
from connectors.rest import client
from domain.facts.inventory import GapCause
from domain.facts.resource import ResourceKind
from tests.fakes.azure import (
    PREMIUM_DISK,
    ROOT,
    SECRET,
    SUBSCRIPTION,
    TENANT,
    House,
    credentials,
    operation_of,
    refused,
    thing,
    values,
)
from tests.fakes.collecting import Collected, survey
from tests.fakes.node import NoPeer
from tests.fakes.peers import azure as peers
from tests.fakes.prism import prism, refused_requests
from tests.fakes.scripted import Answered, Asked, scripted

REGISTRATION = registration.REGISTRATION
DISKS, ADVICE, GRAPH_ROWS = (
    "GET Microsoft.Compute/disks",
    "GET Microsoft.Advisor/recommendations",
    "POST Microsoft.ResourceGraph/resources",
)
USERS, APPLICATIONS = "GRAPH GET /v1.0/users", "GRAPH GET /v1.0/applications"
TOKEN = f"/{TENANT}/oauth2/v2.0/token"
NO_P1 = refused("Authentication_RequestFromNonPremiumTenantOrB2CTenant", "Tenant doesn't have premium license")
NO_ACTION = (
    "The client 'x' with object id 'y' does not have authorization to perform action 'Microsoft.Compute/disks/read'"
    f" over scope '{ROOT}' or the scope is invalid."
)


def listings(*names: str) -> list[Any]:
    return [one for one in REGISTRATION.listings if {name.name for name in one.operations} & set(names)]


async def read(script: Any, *names: str) -> tuple[Collected, Any, list[Asked]]:
    """The listings with these operations, from a house that answers by the script first."""
    with scripted(House(script)) as azure:
        collected, report = await survey(REGISTRATION, credentials(azure.url), listings(*names))
    return collected, report, azure.asked


def only(path: str, answered: Answered) -> Any:
    """A script that answers what ends with this path."""
    return lambda asked: answered if asked.path.endswith(path) else None


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("prism") / "log"


@pytest.fixture(scope="module")
def peer(shared: Path, log: Path) -> Iterator[str]:
    try:
        with prism(shared / "specs" / "azure.json", log) as url:
            yield url
    except NoPeer as missing:
        pytest.skip(f"needs Prism: {missing}")


async def test_the_whole_survey_breaks_no_contract_and_parses_everything(peer: str, log: Path) -> None:
    house = House(prism=peer)

    with scripted(house) as azure:
        collected, report = await survey(REGISTRATION, credentials(azure.url))

    assert refused_requests(log) == []
    assert report.gaps == ()
    assert set(report.answered) == set(peers.PEERS) == {one.name for one in REGISTRATION.operations}
    assert peers.NOT_EXERCISED == {}
    forwarded = {operation_of(request, REGISTRATION.operations) for request in house.forwarded}
    assert forwarded == set(peers.BY_PRISM)
    assert {one.kind for one in collected.found} == {kind for one in REGISTRATION.listings for kind in one.kinds}
    assert "canary" not in str(collected.answers) + str(collected.found)
    assert SECRET not in str(collected.answers)


async def test_what_rules_and_controls_look_at_stands_in_the_configuration() -> None:
    names = ("Microsoft.Sql/servers", "Microsoft.KeyVault/vaults", "Microsoft.Web/sites", "Microsoft.Compute/disks")
    disks = only("Microsoft.Compute/disks", Answered(values(PREMIUM_DISK)))

    collected, report, asked = await read(disks, *(f"GET {name}" for name in names))

    assert report.gaps == ()
    (server,) = collected.of(ResourceKind.AZURE_SQL_SERVER)
    assert server.config["firewallRules"][0]["properties"] == {"startIpAddress": "0.0.0.0"}
    assert server.config["auditingSettings"]["properties"] == {"state": "Enabled"}
    master, sales, lake = collected.of(ResourceKind.AZURE_SQL_DATABASE)
    assert "transparentDataEncryption" not in master.config
    assert sales.config["backupShortTermRetentionPolicy"]["properties"] == {"retentionDays": 7}
    assert "backupShortTermRetentionPolicy" not in lake.config
    (key,) = collected.of(ResourceKind.AZURE_KEY)
    assert (key.config["rotationPolicy"], key.region) == ({"lifetimeActions": []}, "westeurope")
    (site,) = collected.of(ResourceKind.AZURE_WEB_APP)
    assert site.config["webConfig"]["properties"] == {"minTlsVersion": "1.2"}
    (disk,) = collected.of(ResourceKind.AZURE_DISK)
    assert (disk.native_id, disk.tags) == (PREMIUM_DISK["id"], {"team": "red"})
    assert "metrics" in disk.config
    assert "etag" not in disk.config
    figures = [one.query["metricnames"][0] for one in asked if one.path.endswith("Microsoft.Insights/metrics")]
    reads_and_writes = "Composite Disk Read Operations/sec,Composite Disk Write Operations/sec"
    assert sorted(figures) == [reads_and_writes, "connection_successful", "dtu_consumption_percent"]


def two_pages(first: dict[str, Any], second: dict[str, Any], key: str) -> Any:
    """A list of two pages under a path of its own, linked by this key."""

    def script(asked: Asked) -> Answered | None:
        if not asked.path.endswith((DISKS[4:], ADVICE[4:], APPLICATIONS[10:])):
            return None
        if "$skiptoken" in asked.query:
            return Answered(values(second))
        link = f"http://{asked.headers['host']}{asked.path}?api-version=2020-01-01&$skiptoken=p2"
        return Answered({**values(first), key: link})

    return script


@pytest.mark.parametrize(
    ("name", "key"), [(DISKS, "nextLink"), (ADVICE, "nextLink"), (APPLICATIONS, "@odata.nextLink")]
)
async def test_all_pages_are_read(name: str, key: str) -> None:
    script = two_pages({"id": "i1", "name": "one"}, {"id": "i2", "name": "two"}, key)

    collected, report, asked = await read(script, name)

    assert [one.native_id for one in collected.found] == ["i1", "i2"]
    assert (collected.found[0].kind, None) in report.complete
    assert {one.headers["authorization"] for one in asked if one.method == "GET"} == {"Bearer t1"}


@pytest.mark.parametrize(
    ("name", "key"), [(DISKS, "nextLink"), (ADVICE, "nextLink"), (APPLICATIONS, "@odata.nextLink")]
)
@pytest.mark.parametrize("link", ["https://elsewhere.example.com/next", "{here}"], ids=["elsewhere", "itself"])
async def test_a_list_that_leads_elsewhere_or_in_a_circle_is_cut_short(name: str, key: str, link: str) -> None:
    def script(asked: Asked) -> Answered | None:
        if not asked.path.endswith((DISKS[4:], ADVICE[4:], APPLICATIONS[10:])):
            return None
        here = f"http://{asked.headers['host']}{asked.path}"
        return Answered({**values({"id": "i1", "name": "one"}), key: link.format(here=here)})

    collected, report, _ = await read(script, name)

    (gap,) = report.gaps
    assert (gap.operation, gap.cause) == (name, GapCause.CUT_SHORT)
    assert [one.native_id for one in collected.found] == ["i1"]
    assert report.complete == frozenset()


async def test_resource_graph_goes_on_by_token_and_owns_up_to_rows_it_leaves_out() -> None:
    def script(asked: Asked) -> Answered | None:
        if not asked.path.endswith("Microsoft.ResourceGraph/resources"):
            return None
        question = asked.json
        if question["query"].startswith("securityresources"):
            return Answered({"data": [{"id": "left out"}], "resultTruncated": "true"})
        if "$skipToken" in question["options"]:
            return Answered({"data": [{"id": "2"}], "resultTruncated": "false"})
        return Answered({"data": [{"id": "1"}], "resultTruncated": "true", "$skipToken": "s2"})

    _, report, asked = await read(script, GRAPH_ROWS)

    assert report.answered[GRAPH_ROWS] == 7  # three questions of two pages, and one that is cut short
    assert [gap.cause for gap in report.gaps] == [GapCause.CUT_SHORT]
    assert {tuple(one.json["subscriptions"]) for one in asked if "ResourceGraph" in one.path} == {(SUBSCRIPTION,)}


@pytest.mark.parametrize("name", [DISKS, ADVICE])
@pytest.mark.parametrize(
    ("answered", "cause", "missing"),
    [
        (refused("AuthorizationFailed", NO_ACTION), GapCause.PERMISSION, "Microsoft.Compute/disks/read"),
        (refused("SomethingElse"), GapCause.PERMISSION, "{itself}"),
        (refused("RBACAccessDenied", status=401), GapCause.PERMISSION, "{itself}"),
        (refused("InvalidAuthenticationToken", status=401), GapCause.FAILED, None),
        (refused("SubscriptionNotFound", status=404), GapCause.FAILED, None),
        (refused("TooManyRequests", "Later.", 429, **{"Retry-After": "17"}), GapCause.THROTTLED, None),
        (refused("InternalServerError", status=500), GapCause.UNAVAILABLE, None),
        (Answered("<html>Bad gateway</html>", 502), GapCause.UNAVAILABLE, None),
        (Answered("<html>Welcome</html>"), GapCause.MISSHAPEN, None),
        (Answered("{ cut", headers={"Content-Type": "application/json"}), GapCause.MISSHAPEN, None),
        (Answered({"value": {"not": "a list"}}), GapCause.MISSHAPEN, None),
        (Answered(["not", "an", "object"]), GapCause.MISSHAPEN, None),
        (Answered({"value": [{"name": "without an id"}]}), GapCause.MISSHAPEN, None),
        (Answered(values({"id": "i1", "name": "one"}), cut=True), GapCause.UNAVAILABLE, None),
    ],
)
async def test_a_list_that_cannot_be_read_is_a_gap_and_not_an_empty_list(
    name: str, answered: Answered, cause: GapCause, missing: str | None
) -> None:
    collected, report, _ = await read(only(name[4:], answered), name)

    (gap,) = report.gaps
    assert (gap.operation, gap.cause) == (name, cause)
    assert gap.missing == (missing and missing.format(itself=f"{name[4:]}/read"))
    assert len(gap.unlisted) == 1
    assert collected.found == []
    assert report.complete == frozenset()


async def test_a_service_that_hangs_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "CALL_LIMIT", client.CALL_LIMIT / 100)

    _, report, _ = await read(only("Microsoft.Compute/disks", Answered(values(), hangs=2)), DISKS)

    assert [gap.cause for gap in report.gaps] == [GapCause.UNAVAILABLE]


async def test_a_namespace_nobody_registered_holds_nothing() -> None:
    unregistered = refused("MissingSubscriptionRegistration", status=409)

    collected, report, _ = await read(only("Microsoft.Compute/disks", unregistered), DISKS)

    assert (collected.found, report.gaps) == ([], ())
    assert report.complete == {(ResourceKind.AZURE_DISK, None)}


@pytest.mark.parametrize("name", [ADVICE, "GET Microsoft.Security/pricings"])
async def test_a_service_nobody_registered_has_not_judged_and_is_not_registered_by_us(name: str) -> None:
    unregistered = refused("MissingSubscriptionRegistration", status=409)

    _, report, asked = await read(only(name[4:], unregistered), name)

    (gap,) = report.gaps
    assert gap.cause is GapCause.PLAN
    assert gap.missing == f"{name[4:].partition('/')[0]}: the resource provider registered in the subscription"
    assert {one.method for one in asked if one.path != TOKEN} == {"GET"}


async def test_an_offer_without_cost_management_is_named() -> None:
    says = (
        "Cost Management supports only Enterprise Agreement, Web direct and Microsoft Customer Agreement offer types."
    )
    unsupported = only("Microsoft.CostManagement/query", refused("BadRequest", says, 400))

    _, report, _ = await read(unsupported, "POST Microsoft.CostManagement/query")

    assert [(gap.cause, gap.missing) for gap in report.gaps] == [
        (GapCause.PLAN, "an offer that Cost Management supports")
    ]


async def test_nothing_to_recommend_is_an_empty_list() -> None:
    nothing = only("reservationRecommendations", Answered(None, 204))

    collected, report, _ = await read(nothing, "GET Microsoft.Consumption/reservationRecommendations")

    assert (collected.found, report.gaps) == ([], ())


async def test_a_storage_account_without_a_policy_is_told_from_one_that_may_not_be_read() -> None:
    account = values({**thing("Microsoft.Storage/storageAccounts", "store1"), "kind": "StorageV2"})
    unset = {"/managementPolicies/default": refused("ManagementPolicyNotFound", status=404)}
    hidden = {"/managementPolicies/default": refused("AuthorizationFailed")}

    def script(answers: dict[str, Answered]) -> Any:
        rest = {
            "Microsoft.Storage/storageAccounts": Answered(account),
            "/blobServices/default": Answered({"properties": {"isVersioningEnabled": True}}),
            "/containers": Answered(values()),
        }
        return lambda asked: next((a for end, a in {**rest, **answers}.items() if asked.path.endswith(end)), None)

    without, first, _ = await read(script(unset), "GET Microsoft.Storage/storageAccounts")
    unread, second, _ = await read(script(hidden), "GET Microsoft.Storage/storageAccounts")

    assert without.found[0].config["managementPolicy"] is None
    assert first.gaps == ()
    assert "managementPolicy" not in unread.found[0].config
    assert [gap.missing for gap in second.gaps] == ["Microsoft.Storage/storageAccounts/managementPolicies/read"]


async def test_users_of_a_free_tenant_are_read_and_the_plan_for_the_rest_is_named() -> None:
    def script(asked: Asked) -> Answered | None:
        if asked.path.endswith("/v1.0/organization"):
            return Answered(values({"id": TENANT, "assignedPlans": []}))
        if asked.path.endswith("/v1.0/users") and "signInActivity" in asked.query["$select"][0]:
            return NO_P1
        return None

    collected, report, _ = await read(script, USERS)

    assert [one.name for one in collected.of(ResourceKind.ENTRA_USER)] == ["ann@example.com"]
    (gap,) = report.gaps
    assert (gap.operation, gap.cause, gap.missing, gap.unlisted) == (
        USERS,
        GapCause.PLAN,
        "Microsoft Entra ID P1",
        (),
    )
    assert (ResourceKind.ENTRA_USER, None) in report.complete


async def test_with_the_plan_users_are_asked_when_they_signed_in() -> None:
    collected, report, asked = await read(lambda _: None, USERS)

    probe, listed = (one.query for one in asked if one.path == "/v1.0/users")
    assert (probe["$top"], listed["$top"]) == (["1"], ["500"])
    assert "signInActivity" in listed["$select"][0]
    assert len(collected.of(ResourceKind.ENTRA_USER)) == 1
    assert report.gaps == ()


async def test_a_directory_permission_that_lacks_is_named() -> None:
    denied = refused("Authorization_RequestDenied", "Insufficient privileges to complete the operation.")

    _, report, _ = await read(only("/v1.0/applications", denied), APPLICATIONS)

    assert [(gap.cause, gap.missing) for gap in report.gaps] == [(GapCause.PERMISSION, "Application.Read.All")]
