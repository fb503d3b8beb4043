"""How an Azure subscription is prepared: an application, a role of its own, and permissions of Microsoft Graph."""

import json
from collections.abc import Sequence

from domain.facts.access import ReadNeed
from domain.facts.provider import Provider
from domain.setup.guide import Setup, Snippet, handed_over, in_words, lines, names, permissions_of, plans_of
from domain.setup.level import AccessLevel

ROLES = {
    AccessLevel.READ: ("CloudWatcher Reader", "Reads what CloudWatcher looks at, and changes nothing."),
    AccessLevel.ACT: ("CloudWatcher Operator", "Makes the remediations of CloudWatcher that people approve."),
}
APPLICATIONS = {AccessLevel.READ: "CloudWatcher", AccessLevel.ACT: "CloudWatcherAct"}
# The application id of Microsoft Graph, the same in every tenant. Source: Microsoft Entra, first-party applications.
GRAPH = "00000003-0000-0000-c000-000000000000"


def azure_setup(needs: Sequence[ReadNeed], level: AccessLevel) -> Setup:
    """Names with a slash are actions of Azure roles; the others are application permissions of Microsoft Graph."""
    permissions = permissions_of(needs)
    actions = [name for name in names(permissions) if "/" in name]
    graph = [name for name in names(permissions) if "/" not in name]
    name, description = ROLES[level]
    role = {
        "Name": name,
        "Description": description,
        "Actions": actions,
        "AssignableScopes": ["/subscriptions/YOUR-SUBSCRIPTION-ID"],
    }
    return Setup(
        provider=Provider.AZURE,
        level=level,
        permissions=permissions,
        steps=[
            "Put the id of the subscription into the role file and into the commands.",
            "Run the commands with az, signed in as an owner of the subscription.",
            *([_consent(graph)] if graph else []),
            handed_over(level, "subscription", "the tenant, the client id and the secret that the commands print"),
            *in_words(permissions),
            *plans_of(needs),
        ],
        snippets=[
            Snippet("Role", "cloudwatcher-role.json", "json", json.dumps(role, indent=2) + "\n"),
            Snippet("Commands", "cloudwatcher-azure.sh", "bash", _commands(graph, level)),
        ],
    )


def _consent(graph: Sequence[str]) -> str:
    return f"Give the application these permissions of Microsoft Graph and consent to them: {', '.join(graph)}."


def _commands(graph: Sequence[str], level: AccessLevel) -> str:
    (role, _), application = ROLES[level], APPLICATIONS[level]
    scope = '"/subscriptions/$SUBSCRIPTION"'
    return lines(
        "set -eu",
        "SUBSCRIPTION=YOUR-SUBSCRIPTION-ID",
        "az role definition create --role-definition @cloudwatcher-role.json",
        f'az ad sp create-for-rbac --name {application} --role "{role}" --scopes {scope}',
        *(_permissions(graph, application) if graph else ()),
    )


def _permissions(graph: Sequence[str], application: str) -> list[str]:
    return [
        f"GRAPH={GRAPH}",
        f"APP=$(az ad app list --display-name {application} --query '[0].appId' --output tsv)",
        f"for NAME in {' '.join(graph)}; do",
        "  ROLE_ID=$(az ad sp show --id $GRAPH --query \"appRoles[?value=='$NAME'].id | [0]\" --output tsv)",
        '  az ad app permission add --id "$APP" --api "$GRAPH" --api-permissions "$ROLE_ID=Role"',
        "done",
        'az ad app permission admin-consent --id "$APP"',
    ]
