"""Entra ID through Microsoft Graph: people, applications, what they were granted, and how they must sign in.

Everything here belongs to the tenant, and is the same for all its subscriptions.
"""

from dataclasses import replace

from connectors.clouds.azure import call, monitor, shape
from connectors.reading.listing import Answer, Arguments, Detail, Item, Listing, Place
from connectors.rest.paging import one_page
from domain.facts.resource import ResourceKind

P1 = "Microsoft Entra ID P1"
# Source: "Product names and service plan identifiers for licensing": AAD_PREMIUM and AAD_PREMIUM_P2.
PREMIUM = frozenset({"41781fb2-bc02-4b7c-bd55-b576c07bb09d", "eec0eb4f-6444-4f95-aba0-50c24d67f998"})
LARGEST_PAGE = "999"
PEOPLE = (
    "id,displayName,userPrincipalName,mail,accountEnabled,userType,createdDateTime,lastPasswordChangeDateTime,"
    "onPremisesSyncEnabled"
)
APPLICATIONS = (
    "id,appId,displayName,createdDateTime,signInAudience,passwordCredentials,keyCredentials,requiredResourceAccess,web"
)
PRINCIPALS = (
    "id,appId,displayName,appDisplayName,appOwnerOrganizationId,servicePrincipalType,accountEnabled,createdDateTime,"
    "tags,passwordCredentials,keyCredentials,verifiedPublisher"
)

ORGANIZATION = call.graph("/v1.0/organization", "Organization.Read.All")
USERS = call.graph("/v1.0/users", "User.Read.All", "AuditLog.Read.All", plan=P1)
# Asks whether the tenant's plan tells when people signed in. What it shows of somebody is not kept.
SIGN_INS = replace(USERS, hidden=lambda _: {"value": []}, options={"next_page": one_page})
METHODS = call.graph("/v1.0/reports/authenticationMethods/userRegistrationDetails", "AuditLog.Read.All", plan=P1)
ACCESS_POLICIES = call.graph("/v1.0/identity/conditionalAccess/policies", "Policy.Read.All", plan=P1)
DEFAULTS = call.graph("/v1.0/policies/identitySecurityDefaultsEnforcementPolicy", "Policy.Read.All")
GRANTS = call.graph("/v1.0/oauth2PermissionGrants", "Directory.Read.All", query={"$top": LARGEST_PAGE})
# Federated credentials are a relation, which is left out unless it is asked for. An application has 20 at most, as many
# as are expanded. Source: Microsoft Graph, "application resource type", Relationships.
APPS = call.graph(
    "/v1.0/applications",
    "Application.Read.All",
    query={"$select": APPLICATIONS, "$expand": "federatedIdentityCredentials", "$top": LARGEST_PAGE},
)
SERVICES = call.graph(
    "/v1.0/servicePrincipals", "Application.Read.All", query={"$select": PRINCIPALS, "$top": LARGEST_PAGE}
)


def is_premium(organization: Item) -> bool:
    """Whether the tenant has a plan that tells when people signed in."""
    plans = organization.get("assignedPlans") or []
    return any(
        one.get("servicePlanId") in PREMIUM and one.get("capabilityStatus") in ("Enabled", "Warning") for one in plans
    )


def people(place: Place) -> Arguments:
    """All users; when they last signed in is asked only where the plan tells, for it is refused with all else."""
    if is_premium(place.parent):
        # With sign-in activity pages hold 500 at most.
        return {"$select": f"{PEOPLE},signInActivity", "$top": "500"}
    return {"$select": PEOPLE, "$top": LARGEST_PAGE}


def _one_sign_in(_: Item, __: Place) -> Arguments:
    return {"$select": "id,signInActivity", "$top": "1"}


def _itself(answer: Answer) -> list[Item]:
    return [answer]


LISTINGS = (
    Listing(
        operation=ORGANIZATION,
        items=monitor.VALUE,
        # Names the missing plan; the users themselves are then read without it.
        details=(Detail(key="signInActivity", operation=SIGN_INS, arguments=_one_sign_in),),
        children=(
            Listing(
                operation=USERS,
                items=monitor.VALUE,
                kind=ResourceKind.ENTRA_USER,
                parse=shape.entra(ResourceKind.ENTRA_USER, "userPrincipalName", "displayName"),
                arguments=people,
            ),
        ),
    ),
    Listing(
        operation=APPS,
        items=monitor.VALUE,
        kind=ResourceKind.ENTRA_APPLICATION,
        parse=shape.entra(ResourceKind.ENTRA_APPLICATION, "displayName"),
    ),
    Listing(
        operation=SERVICES,
        items=monitor.VALUE,
        kind=ResourceKind.ENTRA_SERVICE_PRINCIPAL,
        parse=shape.entra(ResourceKind.ENTRA_SERVICE_PRINCIPAL, "displayName", "appDisplayName"),
    ),
    Listing(
        operation=GRANTS,
        items=monitor.VALUE,
        kind=ResourceKind.ENTRA_GRANT,
        parse=shape.entra(ResourceKind.ENTRA_GRANT, "clientId"),
    ),
    Listing(
        operation=ACCESS_POLICIES,
        items=monitor.VALUE,
        kind=ResourceKind.ENTRA_ACCESS_POLICY,
        parse=shape.entra(ResourceKind.ENTRA_ACCESS_POLICY, "displayName"),
    ),
    Listing(operation=DEFAULTS, items=_itself),
    Listing(operation=METHODS, items=monitor.VALUE),
)
