"""GitHub read whole: from its own description by Prism, and from a scripted organization."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.systems.github import registration
from domain.facts.credentials import GithubCredentials
from domain.facts.inventory import GapCause
from domain.facts.resource import Resource, ResourceKind
from tests.fakes import github
from tests.fakes.collecting import NOW, Collected, survey
from tests.fakes.github import BASE, MERGED, ORG, PULL, REPOSITORY, SECRETS, SHA, UNDESCRIBED, commit
from tests.fakes.node import NoPeer
from tests.fakes.peers import github as peers
from tests.fakes.prism import prism
from tests.fakes.scripted_rest import Answer, Call, Scripted, broken_requests

REGISTRATION = registration.REGISTRATION
# The repository of the description's examples.
DESCRIBED = "/repos/octocat/Hello-World"


def listing(name: str) -> Any:
    return next(one for one in REGISTRATION.listings if one.operation.name == f"GET {name}")


def credentials(url: str) -> GithubCredentials:
    return GithubCredentials(token="ghp_x", organization=ORG, endpoint_url=url)


@pytest.fixture
def hub() -> Iterator[Scripted]:
    with Scripted().served() as scripted:
        scripted.told.update(github.answers())
        yield scripted


@pytest.fixture(scope="module")
def described(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    try:
        with prism(shared / "specs" / "github.json", tmp_path_factory.mktemp("prism") / "log") as url:
            yield url
    except NoPeer as missing:
        pytest.skip(f"needs Prism: {missing}")


async def repository(hub: Scripted) -> tuple[Resource, Any]:
    """The active repository, and the report."""
    collected, report = await survey(REGISTRATION, credentials(hub.url), [listing("/orgs/{org}/repos")])
    return collected.of(ResourceKind.GITHUB_REPOSITORY)[0], report


async def organization(hub: Scripted) -> tuple[Resource, Any]:
    collected, report = await survey(REGISTRATION, credentials(hub.url), [listing("/orgs/{org}")])
    return collected.of(ResourceKind.GITHUB_ORGANIZATION)[0], report


async def test_no_request_breaks_the_description_and_every_item_is_parsed(described: str) -> None:
    example = "6dcb09b5b57875f334f61aebed695e2e4193db5e"
    with Scripted(behind=described).served() as scripted:
        for path, body in UNDESCRIBED.items():
            there = path.replace(BASE, DESCRIBED).replace(SHA, example).replace(MERGED, example)
            scripted.told[there] = Answer(body)
        scripted.told["/graphql"] = github.query
        _, report = await survey(REGISTRATION, credentials(scripted.url))
        # The description's own pull request was merged years ago; reviews are asked of a newer one.
        newer = {**PULL, "number": 1347, "head": {"ref": "more", "sha": example}}
        scripted.told[f"{DESCRIBED}/pulls"] = Answer([newer])
        _, later = await survey(REGISTRATION, credentials(scripted.url), [listing("/orgs/{org}/repos")])

    assert broken_requests(scripted) == []
    by_prism = {name for name, peer in peers.PEERS.items() if peer == peers.PRISM}
    assert by_prism <= report.answered.keys() | later.answered.keys()
    assert set(peers.PEERS) | set(peers.NOT_EXERCISED) == {one.name for one in REGISTRATION.operations}
    others = [gap for gap in report.gaps if gap.cause is not GapCause.CUT_SHORT]
    assert [(gap.operation, gap.missing) for gap in others] == [("GET /repos/{owner}/{repo}", "administration=read")]


async def test_next_page_at_another_address_is_not_followed(described: str) -> None:
    _, report = await survey(REGISTRATION, credentials(described), [listing("/orgs/{org}/installations")])

    (gap,) = report.gaps
    assert gap.cause is GapCause.CUT_SHORT
    assert "api.github.com, which is another server" in gap.reason
    assert report.complete == frozenset()


async def test_a_scripted_organization_is_read_without_a_gap_and_without_a_secret(hub: Scripted) -> None:
    collected, report = await survey(REGISTRATION, credentials(hub.url))

    assert report.gaps == ()
    assert report.answered.keys() == {one.name for one in REGISTRATION.operations}
    kinds = {kind for one in REGISTRATION.listings for kind in one.kinds}
    assert {one.kind for one in collected.found} == kinds
    # Pull requests are a window: those that are not shown are not gone.
    assert {kind for kind, _ in report.complete} == kinds - {ResourceKind.GITHUB_PULL_REQUEST}
    kept = json.dumps([one.answer for one in collected.answers]) + str(collected.found)
    assert not [secret for secret in SECRETS if secret in kept]
    assert {call.headers["authorization"] for call in hub.calls} == {"Bearer ghp_x"}
    assert {call.headers["x-github-api-version"] for call in hub.calls} == {"2026-03-10"}


async def test_repository_costs_as_many_calls_as_is_said_and_an_archived_one_none(hub: Scripted) -> None:
    await repository(hub)

    below = [call.path for call in hub.calls if call.path.startswith(BASE)]
    # Besides the 17: reviews and checks of a pull request, the pull requests of one commit, a file of a release.
    assert len(below) == 17 + 4
    assert len(hub.asked("/graphql")) == 1
    assert not [call for call in hub.calls if "/old" in call.path]


async def test_repository_carries_what_rules_and_controls_ask_for(hub: Scripted) -> None:
    found, _ = await repository(hub)

    assert (found.native_id, found.name, found.tags) == ("repository/1296269", f"{ORG}/shop", {"production": ""})
    assert found.config["security_and_analysis"] == {"secret_scanning": {"status": "disabled"}}
    assert found.config["protection"] == {"enforce_admins": {"enabled": False}}
    assert found.config["vulnerability_alerts"] is True
    assert found.config["commits"] == {
        "count": 2,
        "verified": 1,
        "unverified": [{"sha": MERGED, "reason": "unsigned"}],
    }
    assert [one["name"] for one in found.config["contents"]] == ["openapi.yaml"]
    assert not {"stargazers_count", "hooks_url"} & found.config.keys()


async def test_organization_carries_its_people_behind_single_sign_on(hub: Scripted) -> None:
    found, _ = await organization(hub)

    assert found.config["owner_settings"]["two_factor_requirement_enabled"] is True
    assert found.config["members_without_2fa"] == ["ann"]
    assert [one["user"]["login"] for one in found.config["saml"]["externalIdentities"]] == ["ann", "bob"]


async def test_all_pages_are_read(hub: Scripted) -> None:
    def page(call: Call) -> Answer:
        number = int(call.query.get("page", "1"))
        link = {"link": f'<{hub.url}/orgs/{ORG}/installations?per_page=100&page={number + 1}>; rel="next"'}
        return Answer({"installations": [{"id": number}]}, headers=link if number < 3 else {})

    hub.told[f"/orgs/{ORG}/installations"] = page
    collected, report = await survey(REGISTRATION, credentials(hub.url), [listing("/orgs/{org}/installations")])

    assert [one.native_id for one in collected.found] == [f"installation/{number}" for number in (1, 2, 3)]
    assert report.gaps == ()


@pytest.mark.parametrize(
    ("path", "key", "answer", "cause"),
    [
        ("/branches/main/protection", "protection", Answer({"message": "Branch not protected"}, 404), None),
        ("/branches/main/protection", "protection", Answer({"message": "Not Found"}, 404), GapCause.PERMISSION),
        (
            "/branches/main/protection",
            "protection",
            Answer({"message": "Upgrade to GitHub Pro or make this repository public to enable this feature."}, 403),
            GapCause.PLAN,
        ),
        ("/vulnerability-alerts", "vulnerability_alerts", Answer({"message": "Not Found"}, 404), GapCause.PERMISSION),
        (
            "/code-scanning/default-setup",
            "code_scanning_default_setup",
            Answer({"message": "Advanced Security must be enabled for this repository."}, 403),
            GapCause.PLAN,
        ),
        ("/dependency-graph/sbom", "sbom", Answer({"message": "Not Found"}, 404), GapCause.PLAN),
        ("/collaborators", "collaborators", Answer({"message": "Not Found"}, 404), GapCause.PERMISSION),
    ],
)
async def test_what_is_not_set_is_told_from_what_is_hidden(
    hub: Scripted, path: str, key: str, answer: Answer, cause: GapCause | None
) -> None:
    hub.told[f"{BASE}{path}"] = answer
    found, report = await repository(hub)

    assert [gap.cause for gap in report.gaps] == ([] if cause is None else [cause])
    assert found.config.get(key) is None
    assert (key in found.config) == (cause is None)


async def test_alerts_of_vulnerable_dependencies_may_be_switched_off(hub: Scripted) -> None:
    hub.told[f"{BASE}/vulnerability-alerts"] = Answer({"message": "Vulnerability alerts are disabled."}, 404)
    found, report = await repository(hub)

    assert (found.config["vulnerability_alerts"], report.gaps) == (False, ())


async def test_empty_repository_has_no_commits(hub: Scripted) -> None:
    hub.told[f"{BASE}/commits"] = Answer({"message": "Git Repository is empty."}, 409)
    hub.told[f"{BASE}/contents/"] = Answer({"message": "This repository is empty."}, 404)
    found, report = await repository(hub)

    assert (found.config["commits"]["count"], found.config["contents"], report.gaps) == (0, [], ())


async def test_missing_permission_is_named_as_github_names_it(hub: Scripted) -> None:
    refused = Answer(
        {"message": "Resource not accessible by integration"},
        403,
        {"x-accepted-github-permissions": "organization_administration=write"},
    )
    hub.told[f"/orgs/{ORG}/installations"] = refused
    _, report = await survey(REGISTRATION, credentials(hub.url), [listing("/orgs/{org}/installations")])

    (gap,) = report.gaps
    assert (gap.cause, gap.missing) == (GapCause.PERMISSION, "organization_administration=write")
    assert gap.unlisted == (ResourceKind.GITHUB_INSTALLATION,)


async def test_settings_only_owners_see_are_a_gap_for_others(hub: Scripted) -> None:
    shown = {"id": 1, "login": ORG}
    hub.told[f"/orgs/{ORG}"] = Answer(shown)
    found, report = await organization(hub)

    assert [(gap.operation, gap.missing) for gap in report.gaps] == [
        ("GET /orgs/{org}", "organization_administration=read")
    ]
    assert "owner_settings" not in found.config


async def test_only_owners_may_ask_who_lacks_a_second_factor(hub: Scripted) -> None:
    def members(call: Call) -> Answer:
        return (
            Answer({"message": "Only owners"}, 422) if "filter" in call.query else Answer([{"id": 2, "login": "ann"}])
        )

    hub.told[f"/orgs/{ORG}/members"] = members
    found, report = await organization(hub)

    assert [(gap.cause, gap.missing) for gap in report.gaps] == [(GapCause.PERMISSION, "organization owner")]
    assert "members_without_2fa" not in found.config
    assert (ResourceKind.GITHUB_MEMBER, None) in report.complete


async def test_organization_without_scanned_code_has_no_alerts(hub: Scripted) -> None:
    hub.told[f"/orgs/{ORG}/code-scanning/alerts"] = Answer({"message": "no analysis found"}, 404)
    collected, report = await survey(REGISTRATION, credentials(hub.url), [listing("/orgs/{org}/code-scanning/alerts")])

    assert (collected.found, report.gaps) == ([], ())
    assert report.complete == {(ResourceKind.GITHUB_CODE_ALERT, None)}


@pytest.mark.parametrize("path", ["audit-log", "credential-authorizations"])
async def test_what_only_enterprises_have_names_the_plan(hub: Scripted, path: str) -> None:
    hub.told[f"/orgs/{ORG}/{path}"] = Answer({"message": "Not Found"}, 404)
    _, report = await survey(REGISTRATION, credentials(hub.url))

    (gap,) = report.gaps
    assert (gap.operation, gap.cause) == (f"GET /orgs/{{org}}/{path}", GapCause.PLAN)
    assert (gap.missing or "").startswith("GitHub Enterprise Cloud")


async def test_pull_requests_are_read_back_to_the_last_complete_read(hub: Scripted) -> None:
    def page(call: Call) -> Answer:
        number = int(call.query.get("page", "1"))
        day = (NOW - timedelta(days=number)).isoformat()
        link = {"link": f'<{hub.url}{BASE}/pulls?page={number + 1}>; rel="next"'}
        return Answer([{**PULL, "number": 12, "updated_at": day}], headers=link)

    hub.told[f"{BASE}/pulls"] = page
    into = Collected()
    into.started = {("GET /orgs/{org}/repos", None): NOW - timedelta(days=3)}  # type: ignore[dict-item]  # a PartKey
    repos = listing("/orgs/{org}/repos")
    collected, report = await survey(REGISTRATION, credentials(hub.url), [repos], into=into)

    # Those of the last three days; the fourth page is the first from before.
    assert report.answered["GET /repos/{owner}/{repo}/pulls"] == 4
    assert len(collected.of(ResourceKind.GITHUB_PULL_REQUEST)) == 3


async def test_first_look_at_pull_requests_is_one_page_and_no_gap(hub: Scripted) -> None:
    link = {"link": f'<{hub.url}{BASE}/pulls?page=2>; rel="next"'}
    hub.told[f"{BASE}/pulls"] = Answer([PULL], headers=link)
    _, report = await repository(hub)

    assert len(hub.asked(f"{BASE}/pulls")) == 1
    assert report.gaps == ()


async def test_first_look_at_commits_goes_back_as_far_as_controls_judge_them(hub: Scripted) -> None:
    await repository(hub)

    # NOW is 2026-11-26 12:00; for the share of signed ones they are read from a midnight on.
    since = {call.query["since"] for call in hub.asked(f"{BASE}/commits")}
    assert since == {"2026-10-27T12:00:00Z", "2026-10-27T00:00:00Z"}
    assert {call.query["sha"] for call in hub.asked(f"{BASE}/commits")} == {REPOSITORY["default_branch"]}


def endless(hub: Scripted, path: str, item: Any) -> Any:
    """A list whose pages do not end, none like another."""

    def page(call: Call) -> Answer:
        number = int(call.query.get("page", "1"))
        query = "&".join(f"{key}={value}" for key, value in call.query.items() if key != "page")
        link = {"link": f'<{hub.url}{path}?{query}&page={number + 1}>; rel="next"'}
        return Answer([{**item, "page": number}], headers=link)

    return page


async def test_more_changes_since_the_last_read_than_are_read_is_a_gap(hub: Scripted) -> None:
    lately = (NOW - timedelta(hours=1)).isoformat()
    hub.told[f"{BASE}/pulls"] = endless(hub, f"{BASE}/pulls", {**PULL, "merged_at": None, "updated_at": lately})
    hub.told[f"{BASE}/commits"] = endless(hub, f"{BASE}/commits", commit("Sell more (#12)"))
    into = Collected()
    into.started = {("GET /orgs/{org}/repos", None): NOW - timedelta(days=1)}  # type: ignore[dict-item]  # a PartKey
    _, report = await survey(REGISTRATION, credentials(hub.url), [listing("/orgs/{org}/repos")], into=into)

    cut = {gap.operation: gap for gap in report.gaps}
    assert cut.keys() == {"GET /repos/{owner}/{repo}/pulls", "GET /repos/{owner}/{repo}/commits"}
    assert {gap.cause for gap in report.gaps} == {GapCause.CUT_SHORT}
    assert "than the 10 pages that are read at a time" in cut["GET /repos/{owner}/{repo}/pulls"].reason
    # The new commits, and those of a month for the share that is signed.
    assert report.answered["GET /repos/{owner}/{repo}/pulls"] == 10
    assert report.answered["GET /repos/{owner}/{repo}/commits"] == 2 * 50


async def test_pull_request_carries_reviews_checks_and_the_commit_it_became(hub: Scripted) -> None:
    collected, _ = await survey(REGISTRATION, credentials(hub.url), [listing("/orgs/{org}/repos")])

    (found,) = collected.of(ResourceKind.GITHUB_PULL_REQUEST)
    assert found.name == f"{ORG}/shop#12"
    assert found.config["merge"] == {"headRefOid": SHA, "mergeCommit": MERGED}
    assert [(one["login"], one["state"], one["commit_id"]) for one in found.config["reviews"]] == [
        ("bob", "APPROVED", SHA)
    ]
    assert [(one["name"], one["conclusion"]) for one in found.config["check_runs"]] == [("test", "success")]
    assert found.config["head"] == {"ref": "more", "sha": SHA}
