"""Long-lived keys and tokens rotate."""

from datetime import timedelta
from typing import Any

import pytest

from domain.compliance.answers import Answers
from domain.controls.cw_iam_05 import CONTROL
from domain.facts.compliance import CheckStatus, Integration
from tests.factories.answers import NOW, answers, call, faults, judged

FAIL, WARNING, PASS, ERROR = CheckStatus.FAIL, CheckStatus.WARNING, CheckStatus.PASS, CheckStatus.ERROR
NOTHING = CheckStatus.NOT_APPLICABLE
USERS, KEYS, USED = "iam.list_users", "iam.list_access_keys", "iam.get_access_key_last_used"
APPS = "GRAPH GET /v1.0/applications"
ACCOUNTS, ACCOUNT_KEYS = "iam.v1:projects.serviceAccounts.list", "iam.v1:projects.serviceAccounts.keys.list"
TOKENS, DEPLOY_KEYS = "GET /orgs/{org}/personal-access-tokens", "GET /repos/{owner}/{repo}/keys"
API_TOKENS, SPACES = "GET /api/v1/api-tokens", "GET /v2/spaces/keys"


def ago(days: float) -> str:
    return (NOW - timedelta(days=days)).isoformat()


def aws(made: float, used: float | None = 1, status: str = "Active", **more: Any) -> Answers:
    key = {"AccessKeyId": "AKIA1", "UserName": "ann", "Status": status, "CreateDate": ago(made)}
    last = {"Region": "N/A"} if used is None else {"LastUsedDate": ago(used)}
    return answers(
        Integration.AWS,
        (USERS, {"Users": [{"UserName": "ann"}]}),
        call(KEYS, {"AccessKeyMetadata": [key]}, UserName="ann"),
        call(USED, {"AccessKeyLastUsed": last}, AccessKeyId="AKIA1"),
        **more,
    )


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (aws(74), PASS, []),
        (aws(44, used=None), PASS, []),
        (aws(400, status="Inactive"), PASS, []),
        (aws(75), WARNING, ["AKIA1"]),
        (aws(90), WARNING, ["AKIA1"]),
        (aws(45, used=None), WARNING, ["AKIA1"]),
        (aws(74, used=45), WARNING, ["AKIA1"]),
        (aws(90.1), FAIL, ["AKIA1"]),
        (aws(1, unread=[USED]), ERROR, []),
        (aws(1, unread=[USERS]), ERROR, []),
        (answers(Integration.AWS, (USERS, {"Users": []}), needless=[KEYS, USED]), NOTHING, []),
    ],
)
def test_access_keys_are_young_and_in_use(looked_at: Answers, status: CheckStatus, faulty: list[str]) -> None:
    found = judged(CONTROL, looked_at)

    assert (found.status, faults(found)) == (status, faulty)


def entra(*secrets: tuple[float, float]) -> Answers:
    held = [{"keyId": "k1", "startDateTime": ago(started), "endDateTime": ago(-left)} for started, left in secrets]
    return answers(
        Integration.AZURE, (APPS, {"value": [{"id": "a1", "displayName": "ci", "passwordCredentials": held}]})
    )


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (entra(), PASS, []),
        (entra((100, 80)), PASS, []),
        (entra((166, 14)), WARNING, ["k1"]),
        (entra((100, 80.1)), FAIL, ["k1"]),
        (entra((10, -1)), FAIL, ["k1"]),
        (answers(Integration.AZURE, (APPS, {"value": []})), NOTHING, []),
        (answers(Integration.AZURE, unread=[APPS]), ERROR, []),
    ],
)
def test_client_secrets_end(looked_at: Answers, status: CheckStatus, faulty: list[str]) -> None:
    found = judged(CONTROL, looked_at)

    assert (found.status, faults(found)) == (status, faulty)


def google(days: float, kind: str = "USER_MANAGED", **own: Any) -> Answers:
    key = {"name": "k1", "keyType": kind, "validAfterTime": ago(days), **own}
    accounts = {"accounts": [{"name": "sa1", "email": "sa1@p"}]}
    return answers(Integration.GCP, (ACCOUNTS, accounts), call(ACCOUNT_KEYS, {"keys": [key]}, parent="sa1"))


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (google(74), PASS, []),
        (google(400, "SYSTEM_MANAGED"), PASS, []),
        (google(400, disabled=True), PASS, []),
        (google(75), WARNING, ["k1"]),
        (google(91), FAIL, ["k1"]),
        (answers(Integration.GCP, (ACCOUNTS, {}), unread=[ACCOUNT_KEYS]), ERROR, []),
        # The keys of an account were not asked for.
        (answers(Integration.GCP, (ACCOUNTS, {"accounts": [{"name": "sa1"}]}), needless=[ACCOUNT_KEYS]), ERROR, []),
        (answers(Integration.GCP, (ACCOUNTS, {}), needless=[ACCOUNT_KEYS]), NOTHING, []),
    ],
)
def test_keys_of_service_accounts_are_young(looked_at: Answers, status: CheckStatus, faulty: list[str]) -> None:
    found = judged(CONTROL, looked_at)

    assert (found.status, faults(found)) == (status, faulty)


def github(tokens: list[Any], keys: list[Any], **made: Any) -> Answers:
    deployed = call(DEPLOY_KEYS, keys, owner="acme", repo="app")
    return answers(Integration.GITHUB, (TOKENS, tokens), deployed, **made)


def token(left: float | None, expired: bool = False) -> dict[str, Any]:
    ends = None if left is None else ago(-left)
    return {"id": 1, "token_name": "ci", "token_expired": expired, "token_expires_at": ends}


def deploy_key(days: float, read_only: bool = True) -> dict[str, Any]:
    return {"id": 7, "read_only": read_only, "created_at": ago(days)}


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (github([token(90), token(-1, expired=True)], [deploy_key(90)]), PASS, []),
        (github([token(91)], []), WARNING, ["personal-access-token/1"]),
        (github([], [deploy_key(1, read_only=False)]), WARNING, ["key/7"]),
        (github([token(None)], []), FAIL, ["personal-access-token/1"]),
        (github([], [deploy_key(91)]), FAIL, ["key/7"]),
        (github([], [deploy_key(91, read_only=False)]), FAIL, ["key/7"]),
        (github([], []), NOTHING, []),
        (github([], [], unread=[TOKENS]), ERROR, []),
        (github([], [], unread=[DEPLOY_KEYS]), ERROR, []),
    ],
)
def test_tokens_and_deploy_keys_end(looked_at: Answers, status: CheckStatus, faulty: list[str]) -> None:
    found = judged(CONTROL, looked_at)

    assert (found.status, faults(found)) == (status, faulty)


def okta(made: float, used: float, **own: Any) -> Answers:
    row = {"id": "t1", "name": "ci", "created": ago(made), "lastUpdated": ago(used), **own}
    return answers(Integration.OKTA, (API_TOKENS, [row]))


ZONE = {"connection": "ZONE", "include": ["nzo1"]}


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (okta(400, 29, network=ZONE), PASS, []),
        (okta(1, 1), WARNING, ["t1"]),
        (okta(1, 1, network={"connection": "ANYWHERE"}), WARNING, ["t1"]),
        (okta(90, 30, network=ZONE), WARNING, ["t1"]),
        (okta(91, 30, network=ZONE), FAIL, ["t1"]),
        (answers(Integration.OKTA, (API_TOKENS, [])), NOTHING, []),
        (answers(Integration.OKTA, unread=[API_TOKENS]), ERROR, []),
    ],
)
def test_api_tokens_are_used_and_bound(looked_at: Answers, status: CheckStatus, faulty: list[str]) -> None:
    found = judged(CONTROL, looked_at)

    assert (found.status, faults(found)) == (status, faulty)


def digitalocean(days: float, *buckets: str) -> Answers:
    grants = [{"bucket": bucket, "permission": "read"} for bucket in buckets]
    key = {"name": "backup", "access_key": "DO1", "created_at": ago(days), "grants": grants}
    return answers(Integration.DIGITALOCEAN, (SPACES, {"keys": [key]}))


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (digitalocean(74, "logs"), PASS, []),
        (digitalocean(74, "logs", ""), WARNING, ["DO1"]),
        (digitalocean(74), WARNING, ["DO1"]),
        (digitalocean(75, "logs"), WARNING, ["DO1"]),
        (digitalocean(91, "logs"), FAIL, ["DO1"]),
        (answers(Integration.DIGITALOCEAN, (SPACES, {"keys": []})), NOTHING, []),
        (answers(Integration.DIGITALOCEAN, unread=[SPACES]), ERROR, []),
    ],
)
def test_spaces_keys_are_young_and_narrow(looked_at: Answers, status: CheckStatus, faulty: list[str]) -> None:
    found = judged(CONTROL, looked_at)

    assert (found.status, faults(found)) == (status, faulty)
