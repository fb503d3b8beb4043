"""Least privilege and few administrators."""

from datetime import timedelta
from typing import Any

import pytest

from domain.compliance.answers import Answers
from domain.controls.cw_iam_07 import CONTROL
from domain.facts.compliance import CheckStatus, Integration
from tests.factories.answers import NOW, answers, call, faults, judged

FAIL, WARNING, PASS, ERROR = CheckStatus.FAIL, CheckStatus.WARNING, CheckStatus.PASS, CheckStatus.ERROR
DETAILS, HOLDERS = "iam.get_account_authorization_details", "iam.list_entities_for_policy"
ANALYZERS, FINDINGS = "accessanalyzer.list_analyzers", "accessanalyzer.list_findings_v2"
ASSIGNMENTS = "GET Microsoft.Authorization/roleAssignments"
DEFINITIONS = "GET Microsoft.Authorization/roleDefinitions"
POLICY = "cloudresourcemanager.v3:projects.getIamPolicy"
ORGANIZATION, MEMBERS = "GET /orgs/{org}", "GET /orgs/{org}/members"
ADMINS, ROLES = "GET /api/v1/iam/assignees/users", "GET /api/v1/users/{userId}/roles"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
WIDE = {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
NARROW = {"Statement": [{"Effect": "Allow", "Action": ["s3:*"], "Resource": "*"}]}


def policy(document: Any, attached: int = 1, arn: str = "arn:mine", in_force: bool = True) -> dict[str, Any]:
    version = {"Document": document, "IsDefaultVersion": in_force}
    return {"Arn": arn, "AttachmentCount": attached, "PolicyVersionList": [version]}


def aws(
    *policies: Any,
    people: Any = (),
    roles: Any = (),
    holders: Any = (),
    analyzers: Any = None,
    findings: Any = (),
    **made: Any,
) -> Answers:
    found = [{"arn": "arn:an", "status": "ACTIVE", "type": "ACCOUNT"}] if analyzers is None else analyzers
    everything = {"Policies": list(policies), "UserDetailList": list(people), "RoleDetailList": list(roles)}
    return answers(
        Integration.AWS,
        (DETAILS, everything),
        call(HOLDERS, *holders, PolicyArn=ADMINISTRATOR),
        call(ANALYZERS, {"analyzers": found}, at="eu-west-1"),
        call(FINDINGS, {"findings": list(findings)}, at="eu-west-1"),
        account="123",
        **made,
    )


def finding(kind: str, days: float) -> dict[str, Any]:
    made = (NOW - timedelta(days=days)).isoformat()
    return {"id": "f1", "findingType": kind, "createdAt": made, "status": "ACTIVE"}


USERS = {"PolicyUsers": [{"UserName": f"user{number}"} for number in range(3)]}
OPERATORS = [{"UserName": f"ops{number}", "Arn": f"arn:ops{number}", "GroupList": ["ops"]} for number in range(2)]
ROLE = {"PolicyRoles": [{"RoleName": "deploy"}], "PolicyGroups": [{"GroupName": "ops"}]}


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (aws(policy(NARROW)), PASS, []),
        (aws(policy(WIDE, attached=0), policy(WIDE, arn=ADMINISTRATOR), policy(WIDE, in_force=False)), PASS, []),
        (aws(roles=[{"Arn": "arn:role", "RolePolicyList": [{"PolicyDocument": NARROW}]}]), PASS, []),
        # Three users and one role.
        (aws(holders=[USERS, ROLE]), PASS, []),
        # With the two of the group they are six, and somebody in another group is none of them.
        (aws(holders=[USERS, ROLE], people=[*OPERATORS, {"UserName": "x", "Arn": "x"}]), WARNING, ["123"]),
        (aws(findings=[finding("InternalAccess", 400)]), PASS, []),
        (aws(findings=[finding("UnusedIAMRole", 400)]), WARNING, ["f1"]),
        (aws(findings=[finding("ExternalAccess", 7)]), WARNING, ["f1"]),
        (aws(findings=[finding("ExternalAccess", 7.1)]), FAIL, ["f1"]),
        (aws(analyzers=[]), WARNING, ["123"]),
        (aws(analyzers=[{"arn": "a", "status": "ACTIVE", "type": "ACCOUNT_UNUSED_ACCESS"}]), WARNING, ["123"]),
        (aws(analyzers=[{"arn": "a", "status": "DISABLED", "type": "ACCOUNT"}]), WARNING, ["123"]),
        (aws(policy(WIDE)), FAIL, ["arn:mine"]),
        (aws(roles=[{"Arn": "arn:role", "RolePolicyList": [{"PolicyDocument": WIDE}]}]), FAIL, ["arn:role"]),
        (aws(unread=[DETAILS]), ERROR, []),
        (aws(unread=[HOLDERS]), ERROR, []),
        (aws(unread=[ANALYZERS]), ERROR, []),
        (aws(unread=[FINDINGS]), ERROR, []),
    ],
)
def test_few_may_do_everything_in_aws(looked_at: Answers, status: CheckStatus, faulty: list[str]) -> None:
    found = judged(CONTROL, looked_at)

    assert (found.status, faults(found)) == (status, faulty)


def azure(
    owners: int, *actions: str, scope: str = "/subscriptions/sub", kind: str = "CustomRole", **made: Any
) -> Answers:
    role = "/subscriptions/sub/providers/Microsoft.Authorization/roleDefinitions/8E3AF657-A8FF-443C-A75C-2FE8C4BCB635"
    rows = [
        {"properties": {"roleDefinitionId": role, "principalId": f"p{number}", "scope": scope}}
        for number in range(owners)
    ]
    other = {"roleDefinitionId": "/roleDefinitions/reader", "principalId": "p9", "scope": "/subscriptions/sub"}
    own = {"type": kind, "roleName": "mine", "permissions": [{"actions": list(actions)}]}
    return answers(
        Integration.AZURE,
        (ASSIGNMENTS, {"value": [*rows, {"properties": other}]}),
        (DEFINITIONS, {"value": [{"id": "r1", "properties": own}]}),
        account="sub",
        **made,
    )


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (azure(3, "Microsoft.Compute/*"), PASS, []),
        (azure(9, scope="/subscriptions/sub/resourceGroups/one"), PASS, []),
        (azure(0, "*", kind="BuiltInRole"), PASS, []),
        (azure(4), WARNING, ["/subscriptions/sub"]),
        (azure(5), WARNING, ["/subscriptions/sub"]),
        (azure(6), FAIL, ["/subscriptions/sub"]),
        (azure(1, "*"), FAIL, ["r1"]),
        (azure(1, unread=[ASSIGNMENTS]), ERROR, []),
        (azure(1, unread=[DEFINITIONS]), ERROR, []),
    ],
)
def test_subscriptions_have_few_owners(looked_at: Answers, status: CheckStatus, faulty: list[str]) -> None:
    found = judged(CONTROL, looked_at)

    assert (found.status, faults(found)) == (status, faulty)


def google(**granted: list[str]) -> Answers:
    bindings = [{"role": f"roles/{role}", "members": members} for role, members in granted.items()]
    return answers(Integration.GCP, (POLICY, {"bindings": bindings}), account="prod")


PEOPLE = [f"user:{number}@acme.com" for number in range(4)]
COMPUTE = "serviceAccount:12-compute@developer.gserviceaccount.com"
MINE = "serviceAccount:ci@prod.iam.gserviceaccount.com"
AGENT = "serviceAccount:service-12@gcp-sa-run.iam.gserviceaccount.com"
NAMED_LIKE_ONE = "serviceAccount:service-12@prod.iam.gserviceaccount.com"


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (google(owner=PEOPLE[:3], viewer=[MINE]), PASS, []),
        (google(owner=PEOPLE), WARNING, ["prod"]),
        (google(editor=[COMPUTE]), WARNING, [COMPUTE]),
        (google(editor=[AGENT]), WARNING, [AGENT]),
        (google(editor=PEOPLE[:1]), WARNING, PEOPLE[:1]),
        (google(editor=[MINE]), FAIL, [MINE]),
        (google(editor=[NAMED_LIKE_ONE]), FAIL, [NAMED_LIKE_ONE]),
        (google(owner=[MINE]), FAIL, [MINE]),
        (google(owner=[COMPUTE]), FAIL, [COMPUTE]),
        (google(viewer=["allUsers"]), FAIL, ["allUsers"]),
        (google(viewer=["allAuthenticatedUsers"]), FAIL, ["allAuthenticatedUsers"]),
        (answers(Integration.GCP, unread=[POLICY]), ERROR, []),
    ],
)
def test_basic_roles_of_google_are_rare(looked_at: Answers, status: CheckStatus, faulty: list[str]) -> None:
    found = judged(CONTROL, looked_at)

    assert (found.status, faults(found)) == (status, faulty)


def github(permission: str, owners: int, **made: Any) -> Answers:
    return answers(
        Integration.GITHUB,
        (ORGANIZATION, {"id": 9, "default_repository_permission": permission}),
        call(MEMBERS, [{"login": f"owner{number}"} for number in range(owners)], role="admin"),
        **made,
    )


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (github("none", 2), PASS, []),
        (github("read", 5), PASS, []),
        (github("read", 1), WARNING, ["9"]),
        (github("read", 6), WARNING, ["9"]),
        (github("write", 2), FAIL, ["9"]),
        (github("admin", 2), FAIL, ["9"]),
        (github("read", 2, unread=[MEMBERS]), ERROR, []),
        (github("read", 2, unread=[ORGANIZATION]), ERROR, []),
    ],
)
def test_members_of_github_only_read_by_default(looked_at: Answers, status: CheckStatus, faulty: list[str]) -> None:
    found = judged(CONTROL, looked_at)

    assert (found.status, faults(found)) == (status, faulty)


def okta(supers: int, status: str = "ACTIVE", others: int = 1, **made: Any) -> Answers:
    held = [("SUPER_ADMIN", f"s{number}") for number in range(supers)] + [("APP_ADMIN", "x")] * others
    return answers(
        Integration.OKTA,
        (ADMINS, {"value": [{"id": id} for _, id in held]}),
        *(call(ROLES, [{"type": kind, "status": status}], userId=id) for kind, id in held),
        account="org",
        **made,
    )


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (okta(2), PASS, []),
        (okta(4), PASS, []),
        (okta(5), WARNING, ["org"]),
        (okta(1), WARNING, ["org"]),
        (okta(5, "INACTIVE"), WARNING, ["org"]),
        (okta(6), FAIL, ["org"]),
        (okta(2, unread=[ROLES]), ERROR, []),
        (answers(Integration.OKTA, (ADMINS, {"value": [{"id": "s1"}]}), needless=[ROLES]), ERROR, []),
    ],
)
def test_okta_has_a_few_super_administrators(looked_at: Answers, status: CheckStatus, faulty: list[str]) -> None:
    found = judged(CONTROL, looked_at)

    assert (found.status, faults(found)) == (status, faulty)


def slack(admins: int, people: int) -> Answers:
    members = [
        {"id": f"U{number}", "deleted": False, "is_bot": False, "is_admin": number < admins, "is_owner": number == 0}
        for number in range(people)
    ]
    return answers(Integration.SLACK, ("users.list", {"members": members}), account="team")


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (slack(5, 5), PASS, []),
        (slack(6, 60), PASS, []),
        (slack(6, 59), FAIL, ["team"]),
        (answers(Integration.SLACK, unread=["users.list"]), ERROR, []),
    ],
)
def test_slack_has_a_few_administrators(looked_at: Answers, status: CheckStatus, faulty: list[str]) -> None:
    found = judged(CONTROL, looked_at)

    assert (found.status, faults(found)) == (status, faulty)
