"""How GitHub, Okta, Jira and Slack are told to send their events to an endpoint."""

import json

from domain.facts.intake_settings import OktaSettings, SlackSettings, WebhookSettings
from domain.setup.event_place import SHOWN_ONCE, EventPlace, plain
from domain.setup.guide import Snippet, lines

# What is looked at. Source: GitHub docs, "Webhook events and payloads".
GITHUB_EVENTS = (
    "branch_protection_rule",
    "code_scanning_alert",
    "dependabot_alert",
    "deploy_key",
    "member",
    "membership",
    "organization",
    "personal_access_token_request",
    "public",
    "push",
    "repository",
    "repository_ruleset",
    "secret_scanning_alert",
    "security_and_analysis",
    "team",
)
# Source: Okta, "Event types", those that are eligible for event hooks. A hook with any other is not made at all, so
# what is judged and not known to be eligible is left out (user.mfa.attempt_bypass among it).
OKTA_EVENTS = (
    "application.lifecycle.delete",
    "application.user_membership.add",
    "group.privilege.grant",
    "policy.lifecycle.deactivate",
    "policy.lifecycle.update",
    "policy.rule.deactivate",
    "policy.rule.delete",
    "policy.rule.update",
    "system.api_token.create",
    "user.account.lock",
    "user.account.privilege.grant",
    "user.account.report_suspicious_activity_by_enduser",
    "user.lifecycle.create",
    "user.lifecycle.deactivate",
    "user.mfa.factor.deactivate",
    "user.mfa.factor.reset_all",
    "user.session.start",
)
JIRA_EVENTS = ("jira:issue_created", "jira:issue_updated", "jira:issue_deleted", "comment_created", "comment_updated")


def github(place: EventPlace, settings: WebhookSettings) -> tuple[list[str], list[Snippet]]:
    """A webhook of the whole organization."""
    hook = {
        "name": "web",
        "active": True,
        "events": list(GITHUB_EVENTS),
        "config": {"url": place.address, "content_type": "json", "insecure_ssl": "0", "secret": "$SECRET"},
    }
    command = f"gh api orgs/{plain(place.account)}/hooks --method POST --input - <<HOOK"
    return (
        [
            "Put the secret into the commands, and run them with gh, signed in as an owner of the organization with "
            "the scope admin:org_hook.",
            "GitHub sends a ping at once; `confirmedAt` of the endpoint then tells when.",
        ],
        [
            Snippet(
                "Commands",
                "cloudwatcher-github.sh",
                "bash",
                lines("set -eu", SHOWN_ONCE, command, json.dumps(hook, indent=2), "HOOK"),
            )
        ],
    )


def okta(place: EventPlace, settings: OktaSettings) -> tuple[list[str], list[Snippet]]:
    """An event hook, and its verification."""
    hook = {
        "name": "CloudWatcher",
        "events": {"type": "EVENT_TYPE", "items": list(OKTA_EVENTS)},
        "channel": {
            "type": "HTTP",
            "version": "1.0.0",
            "config": {
                "uri": place.address,
                "authScheme": {"type": "HEADER", "key": plain(settings.header), "value": "$SECRET"},
            },
        },
    }
    return (
        [
            "Put the secret, the address of the organization and an API token of an administrator into the commands, "
            "and run them. Or make the event hook in the admin console under Workflow, with the same values.",
            "Okta asks the address with a challenge. `confirmedAt` of the endpoint tells when the first event came.",
        ],
        [Snippet("Commands", "cloudwatcher-okta.sh", "bash", _okta_commands(json.dumps(hook, indent=2)))],
    )


def _okta_commands(hook: str) -> str:
    return lines(
        "set -eu",
        SHOWN_ONCE,
        "OKTA=https://YOUR-ORGANIZATION.okta.com",
        "TOKEN=YOUR-API-TOKEN",
        'ID=$(curl --fail --silent "$OKTA/api/v1/eventHooks" --header "Authorization: SSWS $TOKEN" \\',
        "  --header 'Content-Type: application/json' --data @- <<HOOK | jq --raw-output .id",
        hook,
        "HOOK",
        ")",
        'curl --fail --request POST "$OKTA/api/v1/eventHooks/$ID/lifecycle/verify" \\',
        '  --header "Authorization: SSWS $TOKEN"',
    )


def jira(place: EventPlace, settings: WebhookSettings) -> tuple[list[str], list[Snippet]]:
    """A webhook of the site."""
    hook = {
        "name": "CloudWatcher",
        "url": place.address,
        "events": list(JIRA_EVENTS),
        "excludeBody": False,
        "secret": "$SECRET",
    }
    return (
        [
            "Put the secret, the address of the site, and the e-mail address and API token of an administrator into "
            "the commands, and run them. Or make the webhook under Settings, System, Webhooks, with the same values.",
            "Change an issue: `confirmedAt` of the endpoint then tells when the event came.",
        ],
        [
            Snippet(
                "Commands",
                "cloudwatcher-jira.sh",
                "bash",
                lines(
                    "set -eu",
                    SHOWN_ONCE,
                    "JIRA=https://YOUR-SITE.atlassian.net",
                    "WHO=YOUR-ADDRESS:YOUR-API-TOKEN",
                    'curl --fail --user "$WHO" "$JIRA/rest/webhooks/1.0/webhook" \\',
                    "  --header 'Content-Type: application/json' --data @- <<HOOK",
                    json.dumps(hook, indent=2),
                    "HOOK",
                ),
            )
        ],
    )


def slack(place: EventPlace, settings: SlackSettings) -> tuple[list[str], list[Snippet]]:
    """What the manifest of the app needs besides what it has."""
    command = {
        "command": "/cloudwatcher",
        "url": place.address,
        "description": "What CloudWatcher sees",
        "usage_hint": "status",
        "should_escape": False,
    }
    manifest = {
        "features": {"slash_commands": [command]},
        "oauth_config": {"scopes": {"bot": ["chat:write", "commands", "users:read", "users:read.email"]}},
        "settings": {"interactivity": {"is_enabled": True, "request_url": place.address}},
    }
    return (
        [
            "On api.slack.com under Your Apps, open the manifest of the app and add what stands in the text.",
            f"Install the app again in the workspace {plain(settings.team_id)}: it asks for another scope.",
            "The signing secret under Basic Information must be the one that this endpoint was given.",
        ],
        [
            Snippet(
                "Additions to the manifest", "cloudwatcher-slack.json", "json", json.dumps(manifest, indent=2) + "\n"
            )
        ],
    )
