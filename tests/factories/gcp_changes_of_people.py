"""Changes to a Google Cloud that controls of people judge: users of Workspace, service accounts, roles and clients."""

from datetime import timedelta
from typing import Any

from tests.factories.gcp_state import (
    EMPTY,
    ERROR,
    FAIL,
    NOTHING,
    OWNER,
    PASS,
    PROJECT,
    WARNING,
    Changed,
    P,
    ago,
    policy,
)
from tests.fakes.google_told import State, refused

USER = "1042"
EMAIL = f"build@{PROJECT}.iam.gserviceaccount.com"
ACCOUNT = f"{P}/serviceAccounts/{EMAIL}"
KEY = f"{ACCOUNT}/keys/k1"
NEVER = "1970-01-01T00:00:00.000Z"
SIGN_ON = "inboundSsoAssignments/1"
EDITOR = "user:b@shop.example"


def user(**fields: Any) -> State:
    """Somebody of the Workspace directory who was made long ago."""
    plain = {
        "id": USER,
        "primaryEmail": "ann@example.com",
        "name": {"fullName": "Ann"},
        "isAdmin": False,
        "isDelegatedAdmin": False,
        "isEnrolledIn2Sv": True,
        "isEnforcedIn2Sv": True,
        "suspended": False,
        "archived": False,
        "lastLoginTime": ago(days=1),
        "creationTime": ago(days=400),
        "orgUnitPath": "/",
        "customerId": "C0123abcd",
    }
    return {"admin.directory_v1:users.list": {"kind": "admin#directory#users", "users": [{**plain, **fields}]}}


def admin(**fields: Any) -> State:
    return user(isAdmin=True, **fields)


def token(*scopes: str) -> State:
    """What Ann has let a client do."""
    given = {"kind": "admin#directory#token", "clientId": "9.apps", "displayText": "Planner", "scopes": list(scopes)}
    return user() | {"admin.directory_v1:tokens.list": {"kind": "admin#directory#tokenList", "items": [given]}}


def account(*keys: State) -> State:
    """A service account with these keys, beside the one that Google changes by itself."""
    own = {"name": ACCOUNT, "email": EMAIL, "projectId": PROJECT, "uniqueId": "1"}
    of_google = {"name": f"{ACCOUNT}/keys/g1", "keyType": "SYSTEM_MANAGED", "validAfterTime": ago(days=300)}
    return {
        "iam.v1:projects.serviceAccounts.list": {"accounts": [own]},
        "iam.v1:projects.serviceAccounts.keys.list": {"keys": [of_google, *keys]},
    }


def key(days: float, **fields: Any) -> State:
    return {"name": KEY, "keyType": "USER_MANAGED", "validAfterTime": ago(days=days), **fields}


def single_sign_on(**target: str) -> State:
    assignment = {"name": SIGN_ON, "customer": "customers/C0123abcd", "ssoMode": "SAML_SSO", **target}
    return {"cloudidentity.v1:inboundSsoAssignments.list": {"inboundSsoAssignments": [assignment]}}


def left(**since: float) -> dict[str, timedelta]:
    return {"ann": timedelta(**since)}


DIRECTORY = "admin.directory_v1:users.list"
ROOT = {"root_org_units": ["root"]}
NO_USERS = {DIRECTORY: refused("Users > Read")}
MAIL = "https://mail.google.com/"
NAME_ONLY = ("openid", "https://www.googleapis.com/auth/userinfo.email")

CHANGES = (
    Changed("CW-IAM-01", PASS, USER, admin()),
    Changed("CW-IAM-01", WARNING, USER, admin(isEnforcedIn2Sv=False)),
    Changed("CW-IAM-01", FAIL, USER, admin(isEnrolledIn2Sv=False, isEnforcedIn2Sv=False)),
    Changed("CW-IAM-01", NOTHING, "", user(isEnrolledIn2Sv=False)),
    Changed("CW-IAM-02", PASS, USER, user()),
    Changed("CW-IAM-02", WARNING, USER, user(isEnforcedIn2Sv=False)),
    Changed("CW-IAM-02", FAIL, USER, user(isEnrolledIn2Sv=False, isEnforcedIn2Sv=False)),
    Changed("CW-IAM-02", NOTHING, "", user(isEnrolledIn2Sv=False, suspended=True)),
    Changed("CW-IAM-03", PASS, SIGN_ON, single_sign_on(targetOrgUnit="orgUnits/root"), ROOT),
    Changed("CW-IAM-03", WARNING, SIGN_ON, single_sign_on(targetOrgUnit="orgUnits/shop"), ROOT),
    Changed("CW-IAM-05", PASS, ACCOUNT, account()),
    Changed("CW-IAM-05", PASS, KEY, account(key(74))),
    Changed("CW-IAM-05", PASS, KEY, account(key(100, disabled=True))),
    Changed("CW-IAM-05", WARNING, KEY, account(key(76))),
    Changed("CW-IAM-05", FAIL, KEY, account(key(91))),
    Changed("CW-IAM-05", NOTHING, "", EMPTY),
    Changed("CW-IAM-06", PASS, USER, user(lastLoginTime=ago(days=59))),
    Changed("CW-IAM-06", WARNING, USER, user(lastLoginTime=ago(days=61))),
    Changed("CW-IAM-06", FAIL, USER, user(lastLoginTime=NEVER)),
    Changed("CW-IAM-06", NOTHING, "", user(lastLoginTime=NEVER, suspended=True)),
    Changed("CW-IAM-07", WARNING, EDITOR, policy(OWNER, ("roles/editor", EDITOR))),
    Changed("CW-IAM-09", PASS, USER, user()),
    Changed("CW-IAM-09", WARNING, USER, user(), leavers=left(hours=23)),
    Changed("CW-IAM-09", FAIL, USER, user(), leavers=left(hours=25)),
    Changed("CW-IAM-09", NOTHING, "", user(suspended=True), leavers=left(hours=25)),
    Changed("CW-IAM-09", ERROR, "", NO_USERS),
    Changed("CW-IAM-11", PASS, PROJECT, account()),
    Changed("CW-VEN-01", PASS, "Planner (9.apps)", token(MAIL), register=("planner",)),
    Changed("CW-VEN-01", WARNING, "Planner (9.apps)", token(*NAME_ONLY), register=("mailer",)),
    Changed("CW-VEN-01", FAIL, "Planner (9.apps)", token(*NAME_ONLY, MAIL)),
)
