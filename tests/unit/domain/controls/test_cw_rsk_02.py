"""New accounts, regions and repositories are noticed. NOW is 2026-06-01 12:00; a week before is 2026-05-25 12:00."""

from typing import Any

import pytest

from domain.compliance.answers import Answers
from domain.controls.cw_rsk_02 import (
    ACCOUNTS,
    CONTROL,
    PROJECTS,
    REGIONS,
    REPOSITORIES,
    SUBSCRIPTIONS,
    TEAM_PROJECTS,
)
from domain.facts.compliance import CheckStatus, Integration
from tests.factories.answers import answers, faults, judged

FAIL, WARNING, PASS, ERROR = CheckStatus.FAIL, CheckStatus.WARNING, CheckStatus.PASS, CheckStatus.ERROR
NOTHING = CheckStatus.NOT_APPLICABLE
A_WEEK, LONGER = "2026-05-25T12:00:00Z", "2026-05-25T11:59:59Z"
THREE_DAYS, MORE = "2026-05-29T12:00:00Z", "2026-05-29T11:59:59Z"


def aws(joined: str = "2020-01-01T00:00:00Z", *, id: str = "456", opted: str = "DISABLED", **more: Any) -> Answers:
    told = {"State": "ACTIVE"} if id == "456" else {"Status": "ACTIVE"}
    accounts = [
        {"Id": id, "JoinedTimestamp": joined, **told},
        {"Id": "789", "JoinedTimestamp": joined, "Status": "SUSPENDED"},
    ]
    regions = [
        {"RegionName": "us-east-1", "RegionOptStatus": "ENABLED_BY_DEFAULT"},
        {"RegionName": "ap-east-1", "RegionOptStatus": opted},
    ]
    return answers(
        Integration.AWS, (ACCOUNTS, {"Accounts": accounts}), (REGIONS, {"Regions": regions}), account="123", **more
    )


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (aws(id="123"), PASS, []),
        (aws(THREE_DAYS), PASS, []),
        (aws(MORE), WARNING, ["456"]),
        (aws(A_WEEK), WARNING, ["456"]),
        (aws(LONGER), FAIL, ["456"]),
        (aws(id="123", opted="ENABLED"), FAIL, ["ap-east-1"]),
        (aws(id="123", opted="ENABLING"), FAIL, ["ap-east-1"]),
        # A member is not told of the others, but of its own regions.
        (aws(LONGER, off=[ACCOUNTS]), PASS, []),
        *((aws(unread=[missing]), ERROR, []) for missing in (ACCOUNTS, REGIONS)),
    ],
)
def test_account_is_connected_and_opens_no_region(looked_at: Answers, status: CheckStatus, faulty: list[str]) -> None:
    found = judged(CONTROL, looked_at)

    assert (found.status, faults(found)) == (status, faulty)


def test_account_that_is_connected_elsewhere_is_noticed() -> None:
    assert judged(CONTROL, aws(LONGER), answers(Integration.AWS, account="456")).status is PASS


def azure(id: str, state: str = "Enabled") -> Answers:
    row = {"subscriptionId": id, "state": state}
    return answers(Integration.AZURE, (SUBSCRIPTIONS, {"value": [row]}), account="abc-1")


@pytest.mark.parametrize(
    ("looked_at", "status"),
    [
        (azure("ABC-1"), PASS),
        (azure("abc-2"), FAIL),
        (azure("abc-2", "Disabled"), NOTHING),
        (answers(Integration.AZURE, unread=[SUBSCRIPTIONS]), ERROR),
    ],
)
def test_subscription_is_connected(looked_at: Answers, status: CheckStatus) -> None:
    assert judged(CONTROL, looked_at).status is status


def gcp(name: str, created: str = LONGER, state: str = "ACTIVE") -> Answers:
    project = {"projectId": name, "createTime": created, "state": state}
    return answers(Integration.GCP, (PROJECTS, {"projects": [project]}), account="shop")


@pytest.mark.parametrize(
    ("looked_at", "status"),
    [
        (gcp("shop"), PASS),
        (gcp("other", A_WEEK), WARNING),
        (gcp("other"), FAIL),
        (gcp("other", state="DELETE_REQUESTED"), NOTHING),
        (answers(Integration.GCP, unread=[PROJECTS]), ERROR),
    ],
)
def test_project_is_connected(looked_at: Answers, status: CheckStatus) -> None:
    assert judged(CONTROL, looked_at).status is status


def digitalocean(environment: str | None, created: str = LONGER) -> Answers:
    """A project; of one that was made without an environment, None, there is no such field."""
    said = {} if environment is None else {"environment": environment}
    project = {"id": "p-1", "created_at": created, **said}
    return answers(Integration.DIGITALOCEAN, (TEAM_PROJECTS, {"projects": [project]}))


@pytest.mark.parametrize(
    ("looked_at", "status"),
    [
        (digitalocean("Staging"), PASS),
        (digitalocean("", A_WEEK), WARNING),
        (digitalocean(""), FAIL),
        (digitalocean(None), FAIL),
        (answers(Integration.DIGITALOCEAN, (TEAM_PROJECTS, {"projects": []})), NOTHING),
        (answers(Integration.DIGITALOCEAN, unread=[TEAM_PROJECTS]), ERROR),
    ],
)
def test_project_of_a_team_says_what_it_is(looked_at: Answers, status: CheckStatus) -> None:
    assert judged(CONTROL, looked_at).status is status


def github(*topics: str, created: str = LONGER, visibility: str = "private", **more: Any) -> Answers:
    one = {"full_name": "octo/shop", "archived": False, "visibility": visibility, "created_at": created}
    return answers(Integration.GITHUB, (REPOSITORIES, [{**one, "topics": list(topics), **more}]))


@pytest.mark.parametrize(
    ("looked_at", "status"),
    [
        (github("production"), PASS),
        (github("critical"), PASS),
        (github(visibility="internal", custom_properties={"team": "web"}), PASS),
        (github("python", custom_properties={"team": None}), FAIL),
        (github(created=A_WEEK), WARNING),
        (github(), FAIL),
        (github("production", visibility="public"), FAIL),
        (github(visibility="public", archived=True), NOTHING),
        (answers(Integration.GITHUB, unread=[REPOSITORIES]), ERROR),
    ],
)
def test_repository_is_classified_and_not_public(looked_at: Answers, status: CheckStatus) -> None:
    assert judged(CONTROL, looked_at).status is status
