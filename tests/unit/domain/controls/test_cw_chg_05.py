"""Environments are apart and production deploys are gated."""

from typing import Any

import pytest

from domain.compliance.answers import Answers
from domain.compliance.environments import AWS_TAGS
from domain.controls.cw_chg_05 import (
    ACCOUNT_TAGS,
    ACCOUNTS,
    ASSETS,
    CONTROL,
    ENVIRONMENTS,
    GRAPH,
    PROJECTS,
    SUBSCRIPTIONS,
)
from domain.facts.compliance import CheckStatus, Integration
from tests.factories.answers import answers, call, faults, judged

FAIL, WARNING, PASS, ERROR = CheckStatus.FAIL, CheckStatus.WARNING, CheckStatus.PASS, CheckStatus.ERROR
NOTHING = CheckStatus.NOT_APPLICABLE
PROTECTED = {"protected_branches": True, "custom_branch_policies": False}
NAMED = {"protected_branches": False, "custom_branch_policies": True}


def github(name: str, *rules: str, branches: Any = None) -> Answers:
    made: dict[str, Any] = {"name": name, "deployment_branch_policy": branches}
    if rules:
        made["protection_rules"] = [{"type": rule} for rule in rules]
    return answers(
        Integration.GITHUB, call(ENVIRONMENTS, {"environments": [made]}, owner="octo", repo="shop"), account="octo"
    )


@pytest.mark.parametrize(
    ("looked_at", "status"),
    [
        (github("production", "required_reviewers", "branch_policy", branches=PROTECTED), PASS),
        (github("eu-prod", "required_reviewers"), WARNING),
        (github("live", "required_reviewers", branches=NAMED), WARNING),
        (github("production", "wait_timer"), WARNING),
        (github("production", branches=PROTECTED), WARNING),
        (github("production"), FAIL),
        (github("staging"), NOTHING),
        (github("pre-production"), NOTHING),
        (answers(Integration.GITHUB, unread=[ENVIRONMENTS]), ERROR),
    ],
)
def test_deploys_to_production_wait_for_a_person(looked_at: Answers, status: CheckStatus) -> None:
    assert judged(CONTROL, looked_at).status is status


def tagged(*values: str) -> list[dict[str, Any]]:
    tags = [[{"Key": "Environment", "Value": value}] for value in values]
    return [{"ResourceARN": f"arn:{number}", "Tags": own} for number, own in enumerate(tags)]


def aws(*values: str, name: str | None = None, tags: Any = (), **more: Any) -> Answers:
    known = [{"Id": "123", "Name": name}, {"Id": "456", "Name": "shared-services"}] if name else []
    listed = [(ACCOUNTS, {"Accounts": known}), call(ACCOUNT_TAGS, {"Tags": list(tags)}, ResourceId="123")]
    asked = [] if ACCOUNTS in more.get("off", ()) else listed
    return answers(
        Integration.AWS, (AWS_TAGS, {"ResourceTagMappingList": tagged(*values)}), *asked, account="123", **more
    )


@pytest.mark.parametrize(
    ("looked_at", "status"),
    [
        (aws("prod", "Production"), PASS),
        (aws("dev", "staging", "blue"), PASS),
        (aws("prod", "shared"), PASS),
        (aws("prod", "dev"), FAIL),
        (aws("prod", "dev", name="shop"), FAIL),
        (aws("prod", "dev", name="shared-services"), WARNING),
        (aws("prod", "dev", name="net", tags=[{"Key": "env", "Value": "shared"}]), WARNING),
        (aws("dev", name="shop", tags=[{"Key": "env", "Value": "prod"}]), FAIL),
        (aws(name="shop", tags=[{"Key": "env", "Value": "prod"}]), PASS),
        (aws(), WARNING),
        (aws("prod", off=[ACCOUNTS]), PASS),
        (aws("prod", unread=[AWS_TAGS]), ERROR),
        (aws("prod", unread=[ACCOUNTS]), ERROR),
    ],
)
def test_account_holds_one_environment(looked_at: Answers, status: CheckStatus) -> None:
    found = judged(CONTROL, looked_at)

    assert found.status is status
    assert faults(found) == (["123"] if status in (FAIL, WARNING) else [])


def test_member_account_is_known_by_the_management_account() -> None:
    management = answers(
        Integration.AWS,
        (ACCOUNTS, {"Accounts": [{"Id": "123", "Name": "hub"}]}),
        call(ACCOUNT_TAGS, {"Tags": []}, ResourceId="123"),
        account="999",
    )

    assert judged(CONTROL, aws("prod", "dev", off=[ACCOUNTS]), management).status is WARNING


def azure(*values: str | None, name: str = "shop", account: str = "s-1", **more: Any) -> Answers:
    rows = [{"id": str(number), "tags": value and {"env": value}} for number, value in enumerate(values)]
    mine = {"subscriptionId": "s-1", "displayName": name}
    return answers(
        Integration.AZURE,
        (GRAPH, {"data": [*rows, {"id": "change", "properties": {}}]}),
        (SUBSCRIPTIONS, {"value": [mine, {"subscriptionId": "s-2", "displayName": "Shared"}]}),
        account=account,
        **more,
    )


@pytest.mark.parametrize(
    ("looked_at", "status"),
    [
        (azure("prod", None), PASS),
        (azure("prod", "test", name="Shared services", account="S-1"), WARNING),
        (azure("prod", "test"), FAIL),
        (azure("prod", "test", name="Shared services"), WARNING),
        (azure(None), WARNING),
        (azure(), NOTHING),
        (azure("prod", unread=[GRAPH]), ERROR),
        (azure("prod", unread=[SUBSCRIPTIONS]), ERROR),
    ],
)
def test_subscription_holds_one_environment(looked_at: Answers, status: CheckStatus) -> None:
    assert judged(CONTROL, looked_at).status is status


def gcp(*assets: str, **labels: str) -> Answers:
    project: dict[str, Any] = {"projectId": "shop", "state": "ACTIVE"}
    gone = {"projectId": "old", "state": "DELETE_REQUESTED"}
    return answers(
        Integration.GCP,
        (PROJECTS, {"projects": [{**project, "labels": labels} if labels else project, gone]}),
        (ASSETS, {"results": [{"assetType": one} for one in assets]}),
        account="shop",
    )


@pytest.mark.parametrize(
    ("looked_at", "status"),
    [
        (gcp(environment="prod"), PASS),
        (gcp(environment="prod", stage="dev"), FAIL),
        (gcp("compute.googleapis.com/Instance", team="web"), FAIL),
        (gcp("serviceusage.googleapis.com/Service"), WARNING),
        (answers(Integration.GCP, (PROJECTS, {"projects": [{"projectId": "x", "state": "ACTIVE"}]})), FAIL),
        (answers(Integration.GCP, (PROJECTS, {})), NOTHING),
        (answers(Integration.GCP, unread=[PROJECTS]), ERROR),
    ],
)
def test_project_is_labelled_with_its_environment(looked_at: Answers, status: CheckStatus) -> None:
    assert judged(CONTROL, looked_at).status is status


def digitalocean(environment: str | None, *, is_default: bool = False) -> Answers:
    """A project; of one that was made without an environment, None, there is no such field."""
    said = {} if environment is None else {"environment": environment}
    project = {"name": "shop", "is_default": is_default, **said}
    return answers(Integration.DIGITALOCEAN, ("GET /v2/projects", {"projects": [project]}))


@pytest.mark.parametrize(
    ("looked_at", "status"),
    [
        (digitalocean("Production"), PASS),
        (digitalocean("Development", is_default=True), PASS),
        (digitalocean("Production", is_default=True), WARNING),
        (digitalocean(""), FAIL),
        (digitalocean(None), FAIL),
        (answers(Integration.DIGITALOCEAN, ("GET /v2/projects", {"projects": []})), NOTHING),
        (answers(Integration.DIGITALOCEAN, unread=["GET /v2/projects"]), ERROR),
    ],
)
def test_project_of_a_team_has_an_environment(looked_at: Answers, status: CheckStatus) -> None:
    assert judged(CONTROL, looked_at).status is status
