"""People, applications and roles of a directory and a subscription, and what controls say of them."""

from datetime import timedelta
from typing import Any

from tests.factories.azure_change import ERROR, FAIL, NOBODY, NOTHING, PASS, UNKNOWN, WARNING, Change, ago, ahead
from tests.factories.entra import GLOBAL_ADMINISTRATOR, access_policy
from tests.fakes.azure import ITSELF, ROOT, SUBSCRIPTION, refused, thing
from tests.fakes.azure_told import Says
from tests.fakes.collecting import NOW

REGISTRATIONS, POLICIES = "userRegistrationDetails", "identity/conditionalAccess/policies"
USERS, APPLICATIONS, MACHINES = "v1.0/users", "v1.0/applications", "Microsoft.Compute/virtualMachines"
ASSIGNMENTS, DEFINITIONS = "Microsoft.Authorization/roleAssignments", "Microsoft.Authorization/roleDefinitions"
SUBSCRIPTIONS = "subscriptions"
FREE = refused("Authentication_RequestFromNonPremiumTenantOrB2CTenant", "Tenant doesn't have premium license")
FORBIDDEN = refused("Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
OWNER = f"{ROOT}/providers/Microsoft.Authorization/roleDefinitions/8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
ADMINS = {"includeUsers": [], "includeRoles": [GLOBAL_ADMINISTRATOR], "excludeRoles": []}
RESISTANT = {
    "operator": "OR",
    "builtInControls": [],
    "authenticationStrength": {
        "id": "00000000-0000-0000-0000-000000000004",
        "displayName": "Phishing-resistant MFA",
        "allowedCombinations": ["windowsHelloForBusiness", "fido2", "x509CertificateMultiFactor"],
    },
}
FEDERATED = {
    "federatedIdentityCredentials": [
        {
            "id": "f1",
            "name": "main",
            "issuer": "https://token.actions.githubusercontent.com",
            "subject": "repo:example/shop:ref:refs/heads/main",
            "audiences": ["api://AzureADTokenExchange"],
        }
    ]
}
AGAIN = {"signInFrequency": {"isEnabled": True, "type": "hours", "value": 4, "frequencyInterval": "timeBased"}}
FORGETS = {"persistentBrowser": {"isEnabled": True, "mode": "never"}}


def registered(*methods: str, is_admin: bool = True) -> Says:
    """Somebody who has registered these ways to prove who they are."""
    plain = {"id": "u1", "userPrincipalName": "ann@example.com", "userDisplayName": "Ann", "userType": "member"}
    person = {**plain, "isAdmin": is_admin, "isMfaRegistered": bool(methods), "methodsRegistered": [*methods]}
    return {REGISTRATIONS: [person]}


def policy(**own: Any) -> Says:
    return {POLICIES: [access_policy("c1", **own)]}


def user(**own: Any) -> Says:
    plain = {"id": "u1", "userPrincipalName": "ann@example.com", "mail": "ann@example.com", "accountEnabled": True}
    return {USERS: [{**plain, "userType": "Member", "createdDateTime": ago(400), **own}]}


def last_seen(days: float, by_token: float | None = None) -> Says:
    """Somebody who signed in so many days ago, and was let in for what an app remembered some days ago."""
    told = {} if by_token is None else {"lastNonInteractiveSignInDateTime": ago(by_token)}
    return user(signInActivity={"lastSignInDateTime": ago(days), **told})


def application(*secrets: dict[str, Any], redirects: tuple[str, ...] = (), **own: Any) -> Says:
    """One for programs, unless people are sent back to it."""
    plain = {"id": "a1", "appId": "a1-client", "displayName": "pipeline", "keyCredentials": []}
    web = {"redirectUris": [*redirects], "homePageUrl": None}
    return {APPLICATIONS: [{**plain, "passwordCredentials": [*secrets], "web": web, **own}]}


def secret(made: float, ends: float) -> dict[str, Any]:
    """A client secret made so many days ago, that ends in so many."""
    return {"keyId": "k1", "displayName": "ci", "startDateTime": ago(made), "endDateTime": ahead(ends)}


def owners(count: int) -> Says:
    return {ASSIGNMENTS: [assigned(number) for number in range(count)]}


def assigned(number: int) -> dict[str, Any]:
    own = {"scope": ROOT, "roleDefinitionId": OWNER, "principalId": f"p{number}", "principalType": "User"}
    return thing(ASSIGNMENTS, f"r{number}", parent=ROOT, properties=own)


def role(*actions: str, kind: str = "CustomRole") -> Says:
    """A definition of a role, by default the customer's own."""
    named = {"roleName": "Operator", "type": kind, "assignableScopes": [ROOT]}
    permissions = [{"actions": [*actions], "notActions": [], "dataActions": [], "notDataActions": []}]
    return {DEFINITIONS: [thing(DEFINITIONS, "r1", parent=ROOT, properties={**named, "permissions": permissions})]}


def machine(**own: Any) -> Says:
    return {MACHINES: [thing(MACHINES, "vm1", properties={}, **own)]}


def subscriptions(*states: str) -> Says:
    """This one, in the first of the states, and others."""
    others = [f"6b3c3b6e-6b62-4c0c-9d0f-6f2f1a1c00{number:02}" for number in range(10, 9 + len(states))]
    named = zip((SUBSCRIPTION, *others), states, strict=True)
    made = [{**ITSELF, "id": f"/subscriptions/{one}", "subscriptionId": one, "state": state} for one, state in named]
    return {SUBSCRIPTIONS: made}


SECOND_FACTORS = (
    Change("CW-IAM-01", PASS, registered("fido2", "mobilePhone"), "u1", "ann@example.com has fido2"),
    Change("CW-IAM-01", WARNING, registered("mobilePhone", "email"), "u1", "has only mobilePhone, email"),
    Change("CW-IAM-01", FAIL, registered(), "u1", "ann@example.com has no second factor"),
    Change("CW-IAM-01", NOTHING, registered("email", is_admin=False)),
    Change("CW-IAM-01", UNKNOWN, {REGISTRATIONS: FREE}, "", "Microsoft Entra ID P1"),
    Change("CW-IAM-01", ERROR, {REGISTRATIONS: FORBIDDEN}, "", "AuditLog.Read.All"),
    Change("CW-IAM-02", PASS, policy(), "c1", "asks everybody for a second factor"),
    Change(
        "CW-IAM-02",
        PASS,
        {"identitySecurityDefaultsEnforcementPolicy": {"id": "d1", "isEnabled": True}, POLICIES: FREE},
        SUBSCRIPTION,
        "security defaults are on",
    ),
    Change("CW-IAM-02", WARNING, policy(state="enabledForReportingButNotEnforced"), "c1", "only reports"),
    Change("CW-IAM-02", FAIL, policy(signInRiskLevels=["high"]), SUBSCRIPTION, "no policy asks everybody"),
    Change("CW-IAM-02", FAIL, {POLICIES: FREE}, SUBSCRIPTION, "no policy asks everybody"),
    Change("CW-IAM-03", PASS, policy(users=ADMINS, grant=RESISTANT), "c1", "resistant factors"),
    Change("CW-IAM-03", WARNING, policy(users=ADMINS), "c1", "any second factor"),
    Change("CW-IAM-03", FAIL, policy(state="disabled", grant=RESISTANT), SUBSCRIPTION, "no policy asks administrators"),
    Change("CW-IAM-04", PASS, policy(session={**AGAIN, **FORGETS}), SUBSCRIPTION, "policies set how often"),
    Change("CW-IAM-04", WARNING, policy(session=AGAIN), SUBSCRIPTION, "only set how often"),
    Change("CW-IAM-04", WARNING, policy(session=FORGETS), SUBSCRIPTION, "only set that their browsers forget"),
    Change("CW-IAM-04", FAIL, policy(session=None), SUBSCRIPTION, "no policy sets"),
)
ACCESS = (
    Change("CW-IAM-05", PASS, application(secret(30, 100)), "k1", "lasts 130 days"),
    Change("CW-IAM-05", PASS, application(), "a1", "pipeline has no client secret"),
    Change("CW-IAM-05", WARNING, application(secret(160, 10)), "k1", "lasts 170 days"),
    Change("CW-IAM-05", FAIL, application(secret(30, 335)), "k1", "lasts 365 days"),
    Change("CW-IAM-05", FAIL, application(secret(100, -1)), "k1", f"until {NOW - timedelta(days=1):%Y-%m-%d}"),
    Change("CW-IAM-05", NOTHING, NOBODY),
    Change("CW-IAM-06", PASS, last_seen(3), "u1", "not used for 3 days"),
    Change("CW-IAM-06", PASS, last_seen(100, by_token=1), "u1", "not used for 1 days"),
    Change("CW-IAM-06", WARNING, last_seen(70), "u1", "not used for 70 days"),
    Change("CW-IAM-06", FAIL, last_seen(100), "u1", "not used for 100 days"),
    # Somebody who never came.
    Change("CW-IAM-06", FAIL, user(), "u1", "not used for 400 days"),
    Change("CW-IAM-06", NOTHING, user(accountEnabled=False)),
    Change("CW-IAM-07", PASS, {**owners(3), **role("Microsoft.Compute/*/read")}, "r1", "Operator names its actions"),
    Change("CW-IAM-07", WARNING, {**owners(5), **role("*", kind="BuiltInRole")}, ROOT, "5 owners"),
    Change("CW-IAM-07", FAIL, owners(6), ROOT, "6 owners"),
    Change("CW-IAM-07", FAIL, role("*"), "r1", "Operator allows every action"),
    Change("CW-IAM-11", PASS, machine(identity={"type": "SystemAssigned"}), "vm1", "a managed identity"),
    Change("CW-IAM-11", PASS, application(secret(100, -1)), "a1", "no client secret"),
    Change("CW-IAM-11", WARNING, machine(), "vm1", "no managed identity"),
    Change("CW-IAM-11", WARNING, application(secret(30, 100), **FEDERATED), "a1", "beside federated credentials"),
    Change("CW-IAM-11", FAIL, application(secret(30, 100)), "a1", "1 client secrets"),
    Change("CW-IAM-11", NOTHING, application(secret(30, 100), redirects=("https://shop.example.com/back",))),
    Change("CW-RSK-02", PASS, subscriptions("Enabled", "Disabled"), SUBSCRIPTION, "connected"),
    Change("CW-RSK-02", FAIL, subscriptions("Enabled", "Enabled"), "0010", "not connected"),
    Change("CW-RSK-02", NOTHING, subscriptions("Warned")),
)
CHANGES = (*SECOND_FACTORS, *ACCESS)
