"""Workloads carry roles, not keys."""

from datetime import timedelta
from typing import Any

import pytest

from domain.compliance.answers import Answers
from domain.controls.cw_iam_11 import CONTROL
from domain.facts.compliance import CheckStatus, Integration
from tests.factories.answers import NOW, answers, call, faults, judged

FAIL, WARNING, PASS, ERROR = CheckStatus.FAIL, CheckStatus.WARNING, CheckStatus.PASS, CheckStatus.ERROR
NOTHING = CheckStatus.NOT_APPLICABLE
INSTANCES, PROVIDERS, ROLES = "ec2.describe_instances", "iam.list_open_id_connect_providers", "iam.list_roles"
MACHINES, APPS = "GET Microsoft.Compute/virtualMachines", "GRAPH GET /v1.0/applications"
KEYS = "iam.v1:projects.serviceAccounts.keys.list"
SECRETS, REPOSITORY_SECRETS = "GET /orgs/{org}/actions/secrets", "GET /repos/{owner}/{repo}/actions/secrets"
ISSUER = "token.actions.githubusercontent.com"
GITHUB = f"arn:aws:iam::1:oidc-provider/{ISSUER}"


def ago(days: float) -> str:
    return (NOW - timedelta(days=days)).isoformat()


def aws(*roles: Any, instances: Any = (), **made: Any) -> Answers:
    documents = [{"Arn": f"arn:{number}", "AssumeRolePolicyDocument": one} for number, one in enumerate(roles)]
    return answers(
        Integration.AWS,
        call(INSTANCES, {"Reservations": [{"Instances": list(instances)}]}, at="eu-west-1"),
        (PROVIDERS, {"OpenIDConnectProviderList": [{"Arn": GITHUB}]}),
        (ROLES, {"Roles": documents}),
        **made,
    )


def instance(state: str = "running", **own: Any) -> dict[str, Any]:
    return {"InstanceId": "i-1", "State": {"Name": state}, **own}


def trust(condition: Any = None, principal: Any = None, effect: str = "Allow") -> dict[str, Any]:
    made = {"Effect": effect, "Principal": principal or {"Federated": GITHUB}}
    return {"Statement": [made if condition is None else {**made, "Condition": condition}]}


def subject(*values: str, operator: str = "StringLike") -> dict[str, Any]:
    return trust({operator: {f"{ISSUER}:sub": list(values), f"{ISSUER}:aud": "sts.amazonaws.com"}})


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (aws(subject("repo:acme/app:*")), PASS, []),
        (aws(subject("repo:acme/app:ref:refs/heads/main", operator="StringEquals")), PASS, []),
        (aws(trust({"StringEquals": {f"{ISSUER.upper()}:SUB": "repo:acme/app:*"}})), PASS, []),
        (aws(subject("repo:acme/app:*", operator="ForAnyValue:StringLike")), PASS, []),
        (aws(subject("repo:acme/app:*", "repo:acme/*")), WARNING, ["arn:0"]),
        (aws(subject("repo:acme")), WARNING, ["arn:0"]),
        (aws(subject("repo:acme/a?p:*")), WARNING, ["arn:0"]),
        (aws(subject("repo:acme/app:*", "repo:*")), FAIL, ["arn:0"]),
        (aws(subject("repo:*/app:*")), FAIL, ["arn:0"]),
        (aws(subject("repo:")), FAIL, ["arn:0"]),
        (aws(subject("*")), FAIL, ["arn:0"]),
        (aws(subject("environment:prod")), FAIL, ["arn:0"]),
        # With these an absent subject, or another one, is let in.
        (aws(subject("repo:acme/app:*", operator="ForAllValues:StringLike")), FAIL, ["arn:0"]),
        (aws(subject("repo:acme/app:*", operator="StringNotLike")), FAIL, ["arn:0"]),
        (aws(trust()), FAIL, ["arn:0"]),
        (aws(trust({"StringEquals": {f"{ISSUER}:aud": "sts.amazonaws.com"}})), FAIL, ["arn:0"]),
        (
            aws(trust(principal={"Service": "ec2.amazonaws.com"}), trust(principal="*"), trust(effect="Deny")),
            NOTHING,
            [],
        ),
        (aws(instances=[instance(IamInstanceProfile={"Arn": "arn:p"}), instance("terminated")]), PASS, []),
        (aws(instances=[instance()]), WARNING, ["i-1"]),
        (aws(unread=[INSTANCES]), ERROR, []),
        (aws(unread=[PROVIDERS]), ERROR, []),
        (aws(unread=[ROLES]), ERROR, []),
    ],
)
def test_roles_trust_named_repositories_and_instances_have_one(
    looked_at: Answers, status: CheckStatus, faulty: list[str]
) -> None:
    found = judged(CONTROL, looked_at)

    assert (found.status, faults(found)) == (status, faulty)


def azure(*applications: Any, identity: Any = None, machines: int = 1, **made: Any) -> Answers:
    machine = {"id": "vm1"} if identity is None else {"id": "vm1", "identity": {"type": identity}}
    rows = [machine] * machines
    return answers(Integration.AZURE, (MACHINES, {"value": rows}), (APPS, {"value": list(applications)}), **made)


def application(*secrets: float, redirects: tuple[str, ...] = (), **own: Any) -> dict[str, Any]:
    held = [{"keyId": "k", "endDateTime": ago(-left)} for left in secrets]
    return {
        "id": "a1",
        "displayName": "ci",
        "passwordCredentials": held,
        "web": {"redirectUris": list(redirects)},
        **own,
    }


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (azure(application(), identity="SystemAssigned"), PASS, []),
        (azure(application(-1), machines=0), PASS, []),
        (azure(application(0), machines=0), PASS, []),
        (azure(application(10, redirects=("https://acme.com",)), machines=0), NOTHING, []),
        (azure(), WARNING, ["vm1"]),
        (azure(identity="None"), WARNING, ["vm1"]),
        (azure(application(10, federatedIdentityCredentials=[{"id": "f"}]), machines=0), WARNING, ["a1"]),
        (azure(application(10), identity="UserAssigned"), FAIL, ["a1"]),
        (azure(unread=[MACHINES]), ERROR, []),
        (azure(machines=0, unread=[APPS]), ERROR, []),
    ],
)
def test_machines_and_programs_of_azure_have_no_secrets(
    looked_at: Answers, status: CheckStatus, faulty: list[str]
) -> None:
    found = judged(CONTROL, looked_at)

    assert (found.status, faults(found)) == (status, faulty)


def google(*names: str, **own: Any) -> Answers:
    keys = [{"name": name, "keyType": "USER_MANAGED", **own} for name in names]
    return answers(
        Integration.GCP,
        call(KEYS, {"keys": [*keys, {"name": "g", "keyType": "SYSTEM_MANAGED"}]}, parent="sa"),
        account="p",
    )


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (google(), PASS, []),
        (google("k1", disabled=True), PASS, []),
        (google("k1", "k2"), FAIL, ["k1", "k2"]),
        (google("k1", "k2", "k3"), FAIL, ["k1", "k2", "k3", "p"]),
        (answers(Integration.GCP, unread=[KEYS]), ERROR, []),
    ],
)
def test_service_accounts_have_no_keys(looked_at: Answers, status: CheckStatus, faulty: list[str]) -> None:
    found = judged(CONTROL, looked_at)

    assert (found.status, faults(found)) == (status, faulty)


def github(name: str, days: float, **made: Any) -> Answers:
    secret = {"name": name, "updated_at": ago(days)}
    return answers(
        Integration.GITHUB,
        call(SECRETS, {"secrets": [{"name": "NPM_TOKEN", "updated_at": ago(400)}]}, per_page=100),
        call(REPOSITORY_SECRETS, {"secrets": [secret]}, owner="acme", repo="app"),
        **made,
    )


SECRET = "acme/app/secrets/prod_aws_secret_access_key"


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (github("SLACK_URL", 400), PASS, []),
        (github("prod_aws_secret_access_key", 90), WARNING, [SECRET]),
        (github("prod_aws_secret_access_key", 90.1), FAIL, [SECRET]),
        (answers(Integration.GITHUB, (SECRETS, {"secrets": []}), needless=[REPOSITORY_SECRETS]), NOTHING, []),
        (github("SLACK_URL", 400, unread=[SECRETS]), ERROR, []),
        (github("SLACK_URL", 400, unread=[REPOSITORY_SECRETS]), ERROR, []),
    ],
)
def test_secrets_of_actions_are_no_cloud_keys(looked_at: Answers, status: CheckStatus, faulty: list[str]) -> None:
    found = judged(CONTROL, looked_at)

    assert (found.status, faults(found)) == (status, faulty)
