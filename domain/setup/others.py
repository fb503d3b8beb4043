"""How DigitalOcean, GitHub, Okta, Jira and Slack are prepared: a token, or an app."""

import json
import re
from collections.abc import Sequence

from domain.facts.access import ReadNeed
from domain.facts.provider import Provider
from domain.setup.guide import Setup, Snippet, handed_over, in_words, lines, names, permissions_of, plans_of
from domain.setup.level import AccessLevel

# Of a user's token of an administrator, which no bot has. Source: Slack, method team.integrationLogs.
SLACK_ADMIN = "admin"
# A permission of an app with its level, as connectors name it.
GITHUB_PERMISSION = re.compile(r"([a-z_]+)=(read|write|admin)")
GITHUB_LEVELS = ("read", "write", "admin")


def digitalocean_setup(needs: Sequence[ReadNeed], level: AccessLevel) -> Setup:
    """A token with custom scopes, and a key of Spaces."""
    scopes = names(permissions_of(needs))
    return _setup(
        Provider.DIGITALOCEAN,
        needs,
        level,
        [
            "In the control panel under API, Tokens, make a token with custom scopes, and tick the scopes listed.",
            "For the settings of buckets make a Spaces access key that may read all buckets.",
            handed_over(level, "team", "the token, and the Spaces key where there is one"),
        ],
        [Snippet("Scopes of the token", "cloudwatcher-scopes.txt", "text", lines(*scopes))],
    )


def github_setup(needs: Sequence[ReadNeed], level: AccessLevel) -> Setup:
    """An app from a manifest; the permissions are named like actions=read."""
    permissions = permissions_of(needs)
    manifest = {
        "name": "CloudWatcher reader" if level is AccessLevel.READ else "CloudWatcher operator",
        "url": "https://example.com",
        "public": False,
        "hook_attributes": {"url": "https://example.com", "active": False},
        "default_permissions": github_levels(permissions),
    }
    return _setup(
        Provider.GITHUB,
        needs,
        level,
        [
            "In the settings of the organization under Developer settings, GitHub Apps, make an app without webhook "
            "and give it the permissions listed, at the level each has there; or make it from the manifest.",
            "Install it in the organization on all repositories, and make a private key.",
            handed_over(
                level,
                "organization",
                "the app's id, the id of the installation and the private key; or with a token of an owner that has "
                "the same permissions",
            ),
        ],
        [Snippet("Manifest of the app", "cloudwatcher-app.json", "json", json.dumps(manifest, indent=2) + "\n")],
    )


def github_levels(permissions: Sequence[str]) -> dict[str, str]:
    """What a manifest asks for: administration: write for administration=write; scopes of tokens are left out."""
    found = [(match[1], match[2]) for name in permissions if (match := GITHUB_PERMISSION.fullmatch(name))]
    # Each once, at its highest level.
    return dict(sorted(found, key=lambda one: GITHUB_LEVELS.index(one[1])))


def okta_setup(needs: Sequence[ReadNeed], level: AccessLevel) -> Setup:
    """A service app with scopes and a role."""
    scopes = names(permissions_of(needs))
    return _setup(
        Provider.OKTA,
        needs,
        level,
        [
            "In the admin console under Applications, make an app of the kind API Services.",
            "Let it sign in with a public key, make the key there, and copy the private key as JWK.",
            f"Under Okta API Scopes grant the scopes listed, and under Admin roles {_okta_role(level)}.",
            handed_over(
                level,
                "organization",
                "its address, the client id and the private key; or with an API token of an administrator with that "
                "role",
            ),
        ],
        [Snippet("Scopes of the app", "cloudwatcher-scopes.txt", "text", lines(*scopes))],
    )


def _okta_role(level: AccessLevel) -> str:
    """Only a super administrator takes roles and tokens from other administrators. Source: Okta, "Standard roles"."""
    return "the Read-only Administrator" if level is AccessLevel.READ else "the Super Administrator"


def jira_setup(needs: Sequence[ReadNeed], level: AccessLevel) -> Setup:
    """A user of its own with a token."""
    scopes = names(permissions_of(needs))
    return _setup(
        Provider.JIRA,
        needs,
        level,
        [
            "Make a user of its own that may browse the projects to read, and nothing else.",
            "Signed in as that user, make an API token under id.atlassian.com, Security; where it asks for scopes, "
            "give those listed.",
            handed_over(level, "site", "its address, the user's e-mail address and the token"),
        ],
        [Snippet("Scopes of the token", "cloudwatcher-scopes.txt", "text", lines(*scopes))],
    )


def slack_setup(needs: Sequence[ReadNeed], level: AccessLevel) -> Setup:
    """An app from a manifest."""
    scopes = [name for name in names(permissions_of(needs)) if name != SLACK_ADMIN]
    manifest = {
        "display_information": {"name": "CloudWatcher", "description": "Reads who is in the workspace."},
        "features": {"bot_user": {"display_name": "CloudWatcher", "always_online": False}},
        "oauth_config": {"scopes": {"bot": scopes}},
        "settings": {"org_deploy_enabled": False, "socket_mode_enabled": False, "token_rotation_enabled": False},
    }
    return _setup(
        Provider.SLACK,
        needs,
        level,
        [
            "On api.slack.com under Your Apps, make an app from the manifest.",
            "Install it in the workspace and copy the bot token, which begins with xoxb-.",
            handed_over(level, "workspace", "the token"),
            "The log of integrations takes a token of an administrator with the scope admin; with a bot's token it is "
            "named as not readable, and nothing else is missing.",
        ],
        [Snippet("Manifest of the app", "cloudwatcher-manifest.json", "json", json.dumps(manifest, indent=2) + "\n")],
    )


def _setup(
    provider: Provider, needs: Sequence[ReadNeed], level: AccessLevel, steps: list[str], snippets: list[Snippet]
) -> Setup:
    permissions = permissions_of(needs)
    words = [] if provider is Provider.GITHUB else in_words(permissions)
    return Setup(
        provider=provider,
        level=level,
        permissions=permissions,
        steps=[*steps, *words, *plans_of(needs)],
        snippets=snippets,
    )
