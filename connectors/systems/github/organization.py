"""The organization: its settings, people, apps, tokens, secrets, alerts and audit log. About 15 calls besides pages."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from connectors.reading.listing import Answer, Arguments, Detail, Item, Listing, Place, Window
from connectors.systems.github import calls, parse
from domain.facts.resource import ResourceKind

PATH = "/orgs/{org}"
IDENTITY = calls.get(PATH, calls.ORGANIZATION)
# Only owners, and apps with the permission, are shown this.
OWNER_FIELDS = ("two_factor_requirement_enabled", "default_repository_permission")
CLOUD = "GitHub Enterprise Cloud"
SAML = """
query ($org: String!, $after: String) {
  organization(login: $org) {
    samlIdentityProvider {
      id
      externalIdentities(first: 100, after: $after) {
        pageInfo { hasNextPage endCursor }
        nodes { guid samlIdentity { nameId } scimIdentity { username } user { login } }
      }
    }
  }
}
"""
# The first read; afterwards it goes on where it stopped.
FIRST_LOG = timedelta(days=1)


def saml(item: Item, _: Place) -> Arguments:
    return {"query": SAML, "variables": {"org": item["login"], "after": None}}


def provider_of(pages: Sequence[Answer]) -> Any:
    """The provider of single sign-on with all identities behind it, None where there is none."""
    found = [page["data"]["organization"]["samlIdentityProvider"] for page in pages]
    if found[0] is None:
        return None
    people = [person for one in found for person in one["externalIdentities"]["nodes"]]
    return {"id": found[0]["id"], "externalIdentities": people}


def logins(pages: Sequence[Answer]) -> list[str]:
    return sorted(person["login"] for person in calls.joined()(pages))


def log_since(place: Place) -> Arguments:
    """What was logged since the last complete read began."""
    since = place.since or place.now - FIRST_LOG
    return {
        "phrase": f"created:>={since.strftime('%Y-%m-%dT%H:%M:%SZ')}",
        "include": "all",
        "per_page": calls.PAGE_SIZE,
    }


def members(role: str) -> Listing:
    """The members with this role; GitHub tells the role only by the question."""
    return Listing(
        operation=calls.get(f"{PATH}/members", "members=read"),
        arguments=lambda _: {"role": role, "per_page": calls.PAGE_SIZE},
        items=calls.listed(),
        kind=ResourceKind.GITHUB_MEMBER,
        parse=parse.parse_as(ResourceKind.GITHUB_MEMBER, "user", name="login", role=role),
    )


def open_alerts(path: str, permission: str, kind: ResourceKind, noun: str, **more: Any) -> Listing:
    """The open alerts of all repositories: those that are closed say nothing of today and grow without end."""
    arguments = {"state": "open", "per_page": calls.PAGE_SIZE, **more.pop("arguments", {})}
    return Listing(
        operation=calls.get(f"{PATH}/{path}", permission, **more),
        arguments=lambda _: arguments,
        items=calls.listed(),
        kind=kind,
        parse=parse.parse_alert(kind, noun),
    )


LISTINGS = (
    Listing(
        operation=IDENTITY,
        items=lambda answer: [answer] if answer["id"] else [],
        kind=ResourceKind.GITHUB_ORGANIZATION,
        parse=parse.parse_organization,
        volatile=frozenset({"credential_authorizations", "plan.filled_seats", "updated_at"}),
        details=(
            Detail(
                key="owner_settings",
                operation=calls.get(PATH, calls.ORGANIZATION, shows=OWNER_FIELDS[0]),
                arguments=lambda item, _: {},
                pick=lambda pages: {field: pages[0][field] for field in OWNER_FIELDS},
            ),
            Detail(
                key="members_without_2fa",
                operation=calls.get(f"{PATH}/members", "members=read", owners_only=True),
                arguments=lambda _, __: {"filter": "2fa_disabled", "per_page": calls.PAGE_SIZE},
                pick=logins,
            ),
            Detail(
                key="saml",
                operation=calls.graphql(
                    "organization.samlIdentityProvider",
                    calls.ORGANIZATION,
                    cursor="data.organization.samlIdentityProvider.externalIdentities.pageInfo",
                ),
                arguments=saml,
                pick=provider_of,
            ),
            Detail(
                key="credential_authorizations",
                operation=calls.get(
                    f"{PATH}/credential-authorizations",
                    calls.ORGANIZATION,
                    plan=f"{CLOUD} with SAML",
                    off=frozenset({"404"}),
                    hide=calls.dropping("token_last_eight", "fingerprint"),
                ),
                arguments=lambda _, __: {"per_page": calls.PAGE_SIZE},
                pick=calls.joined(),
            ),
            Detail(
                key="actions_permissions",
                operation=calls.get(f"{PATH}/actions/permissions", calls.ORGANIZATION),
                arguments=lambda _, __: {},
                pick=calls.one_of("enabled_repositories"),
            ),
            Detail(
                key="actions_workflow_permissions",
                operation=calls.get(f"{PATH}/actions/permissions/workflow", calls.ORGANIZATION),
                arguments=lambda _, __: {},
                pick=calls.one_of("default_workflow_permissions"),
            ),
        ),
        children=(members("admin"), members("member")),
    ),
    Listing(
        operation=calls.get(f"{PATH}/installations", calls.ORGANIZATION),
        arguments=calls.full_pages,
        items=calls.listed("installations"),
        kind=ResourceKind.GITHUB_INSTALLATION,
        parse=parse.parse_as(ResourceKind.GITHUB_INSTALLATION, "installation", name="app_slug"),
    ),
    Listing(
        # For apps only, whatever a token may do.
        operation=calls.get(f"{PATH}/personal-access-tokens", "organization_personal_access_tokens=read"),
        arguments=calls.full_pages,
        items=calls.listed(),
        kind=ResourceKind.GITHUB_TOKEN,
        parse=parse.parse_as(ResourceKind.GITHUB_TOKEN, "personal-access-token", name="token_name"),
        volatile=frozenset({"token_last_used_at"}),
    ),
    Listing(
        operation=calls.get(f"{PATH}/actions/secrets", "organization_secrets=read"),
        arguments=calls.full_pages,
        items=calls.listed("secrets"),
        kind=ResourceKind.GITHUB_SECRET,
        parse=parse.parse_secret,
    ),
    open_alerts(
        "secret-scanning/alerts",
        "secret_scanning_alerts=read",
        ResourceKind.GITHUB_SECRET_ALERT,
        "secret-scanning",
        plan="secret scanning, switched on",
        off=frozenset({"404"}),
        hide=calls.dropping("secret"),
        # Asked not to send it, and dropped where it comes all the same.
        arguments={"hide_secret": "true"},
    ),
    open_alerts(
        "dependabot/alerts",
        "vulnerability_alerts=read",
        ResourceKind.GITHUB_DEPENDENCY_ALERT,
        "dependabot",
        plan="Dependabot alerts, switched on",
    ),
    open_alerts(
        "code-scanning/alerts",
        "security_events=read",
        ResourceKind.GITHUB_CODE_ALERT,
        "code-scanning",
        plan="GitHub Code Security",
        not_set={"404": ("no analysis found",)},
    ),
    Listing(
        operation=calls.get(
            f"{PATH}/audit-log",
            calls.ORGANIZATION,
            service=calls.AUDIT_LOG,
            plan=CLOUD,
            off=frozenset({"404"}),
            hide=calls.dropping("hashed_token"),
        ),
        arguments=log_since,
        items=calls.listed(),
        window=Window(path="", keys=("_document_id",)),
    ),
)
