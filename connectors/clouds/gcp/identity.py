"""Who may do what: the project and its policy, service accounts, the organization and its Workspace directory."""

from connectors.clouds.gcp import calling, compute, data, parsing, recommender
from connectors.reading.listing import Arguments, Detail, Item, Listing, Place, at
from domain.facts.resource import ResourceKind

MANAGER = "cloudresourcemanager.googleapis.com"
IAM = "iam.googleapis.com"
ADMIN = "admin.googleapis.com"
SIGN_ON = "cloudidentity.googleapis.com"
# What a control asks about a user, and nothing private besides.
USER_FIELDS = (
    "nextPageToken,users(id,primaryEmail,name/fullName,isAdmin,isDelegatedAdmin,isEnrolledIn2Sv,isEnforcedIn2Sv,"
    "suspended,archived,lastLoginTime,creationTime,orgUnitPath,customerId)"
)
DIRECTORY = "the Workspace role with {privilege}, given to the service account (scope {scope})"
READ_USERS = DIRECTORY.format(
    privilege="Users > Read", scope="https://www.googleapis.com/auth/admin.directory.user.readonly"
)
READ_TOKENS = DIRECTORY.format(
    privilege="User security management", scope="https://www.googleapis.com/auth/admin.directory.user.security"
)
READ_SIGN_ON = DIRECTORY.format(
    privilege="Inbound SSO > Read", scope="https://www.googleapis.com/auth/cloud-identity.inboundsso.readonly"
)

PROJECT = calling.call(
    "cloudresourcemanager.v3:projects.get", MANAGER, "GET /v3/projects/{project}", "resourcemanager.projects.get"
)
SEARCH = calling.call(
    "cloudresourcemanager.v3:projects.search", MANAGER, "GET /v3/projects:search", "resourcemanager.projects.get"
)


def _project(item: Item, place: Place) -> str:
    return f"//cloudresourcemanager.googleapis.com/projects/{place.account_id}"


def _policy(item: Item, place: Place) -> str:
    return f"{_project(item, place)}/iamPolicy"


def _user(item: Item, _: Place) -> str:
    return f"//admin.googleapis.com/users/{item['id']}"


def _customer(place: Place) -> Arguments:
    return {"customer": place.parent["directoryCustomerId"], "maxResults": 500, "fields": USER_FIELDS}


def _sign_on(place: Place) -> Arguments:
    return {"filter": f'customer=="customers/{place.parent["directoryCustomerId"]}"'}


USERS = Listing(
    operation=calling.call("admin.directory_v1:users.list", ADMIN, "GET /admin/directory/v1/users", READ_USERS),
    items=at("users"),
    kind=ResourceKind.GCP_DIRECTORY_USER,
    parse=parsing.resources(ResourceKind.GCP_DIRECTORY_USER, _user, created="creationTime", shown="primaryEmail"),
    arguments=_customer,
    details=(
        Detail(
            key="tokens",
            operation=calling.call(
                "admin.directory_v1:tokens.list", ADMIN, "GET /admin/directory/v1/users/{user}/tokens", READ_TOKENS
            ),
            arguments=lambda item, _: {"user": item["id"]},
            pick=parsing.merged("items"),
        ),
    ),
)

LISTINGS = (
    Listing(
        operation=PROJECT,
        items=parsing.itself,
        kind=ResourceKind.GCP_PROJECT,
        parse=parsing.resources(ResourceKind.GCP_PROJECT, _project),
        details=(Detail(key="compute", operation=compute.PROJECT_GET, arguments=lambda _, __: {}),),
    ),
    # All projects the key sees, so that one that is not connected is known.
    Listing(operation=SEARCH, items=at("projects")),
    Listing(
        operation=calling.call(
            "cloudresourcemanager.v3:projects.getIamPolicy",
            MANAGER,
            "POST /v3/projects/{project}:getIamPolicy",
            "resourcemanager.projects.getIamPolicy",
            also=("cloudresourcemanager.projects.getIamPolicy",),
        ),
        items=parsing.itself,
        kind=ResourceKind.GCP_IAM_POLICY,
        parse=parsing.resources(ResourceKind.GCP_IAM_POLICY, _policy),
        arguments=lambda _: {"options": {"requestedPolicyVersion": 3}},
    ),
    Listing(
        operation=calling.call(
            "iam.v1:projects.serviceAccounts.list",
            IAM,
            "GET /v1/projects/{project}/serviceAccounts",
            "iam.serviceAccounts.list",
            also=("iam.projects.serviceAccounts.list",),
        ),
        items=at("accounts"),
        kind=ResourceKind.GCP_SERVICE_ACCOUNT,
        parse=parsing.named(ResourceKind.GCP_SERVICE_ACCOUNT, IAM, shown="email"),
        arguments=lambda _: {"pageSize": 100},
        children=(
            Listing(
                operation=calling.call(
                    "iam.v1:projects.serviceAccounts.keys.list",
                    IAM,
                    "GET /v1/{+parent}/keys",
                    "iam.serviceAccountKeys.list",
                    also=("iam.projects.serviceAccounts.keys.list",),
                ),
                items=at("keys"),
                kind=ResourceKind.GCP_SERVICE_ACCOUNT_KEY,
                parse=parsing.named(ResourceKind.GCP_SERVICE_ACCOUNT_KEY, IAM, created="validAfterTime"),
                arguments=data.under_parent,
            ),
        ),
    ),
    Listing(
        operation=calling.call(
            "iam.v1:projects.locations.workloadIdentityPools.list",
            IAM,
            "GET /v1/projects/{project}/locations/global/workloadIdentityPools",
            "iam.workloadIdentityPools.list",
        ),
        items=at("workloadIdentityPools"),
        kind=ResourceKind.GCP_IDENTITY_POOL,
        parse=parsing.named(ResourceKind.GCP_IDENTITY_POOL, IAM),
    ),
    Listing(
        operation=calling.call(
            "cloudresourcemanager.v3:organizations.get",
            MANAGER,
            "GET /v3/organizations/{organization}",
            "resourcemanager.organizations.get",
        ),
        items=parsing.itself,
        children=(
            USERS,
            recommender.SECURITY_KEYS,
            Listing(
                operation=calling.call(
                    "cloudidentity.v1:inboundSsoAssignments.list",
                    SIGN_ON,
                    "GET /v1/inboundSsoAssignments",
                    READ_SIGN_ON,
                ),
                items=at("inboundSsoAssignments"),
                arguments=_sign_on,
            ),
        ),
    ),
)
