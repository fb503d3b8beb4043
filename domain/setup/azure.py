"""How an Azure subscription is prepared: an application, a role of its own, and permissions of Microsoft Graph."""

import json
from collections.abc import Sequence

from domain.facts.access import ReadNeed
from domain.facts.provider import Provider
from domain.setup.guide import Setup, Snippet, in_words, lines, names, permissions_of, plans_of
from domain.setup.level import AccessLevel

ROLE = "CloudWatcher Reader"
# The application id of Microsoft Graph, the same in every tenant. Source: Microsoft Entra, first-party applications.
GRAPH = "00000003-0000-0000-c000-000000000000"


def azure_setup(needs: Sequence[ReadNeed]) -> Setup:
    """Names with a slash are actions of Azure roles; the others are application permissions of Microsoft Graph."""
    permissions = permissions_of(needs)
    actions = [name for name in names(permissions) if "/" in name]
    graph = [name for name in names(permissions) if "/" not in name]
    role = {
        "Name": ROLE,
        "Description": "Reads what CloudWatcher looks at, and changes nothing.",
        "Actions": actions,
        "AssignableScopes": ["/subscriptions/YOUR-SUBSCRIPTION-ID"],
    }
    return Setup(
        provider=Provider.AZURE,
        level=AccessLevel.READ,
        permissions=permissions,
        steps=[
            "Put the id of the subscription into the role file and into the commands.",
            "Run the commands with az, signed in as an owner of the subscription.",
            f"Give the application these permissions of Microsoft Graph and consent to them: {', '.join(graph)}.",
            "Connect the subscription with the tenant, the client id and the secret that the commands print.",
            *in_words(permissions),
            *plans_of(needs),
        ],
        snippets=[
            Snippet("Role", "cloudwatcher-role.json", "json", json.dumps(role, indent=2) + "\n"),
            Snippet("Commands", "cloudwatcher-azure.sh", "bash", _commands(graph)),
        ],
    )


def _commands(graph: Sequence[str]) -> str:
    asked = " ".join(graph)
    return lines(
        "set -eu",
        "SUBSCRIPTION=YOUR-SUBSCRIPTION-ID",
        f"GRAPH={GRAPH}",
        "az role definition create --role-definition @cloudwatcher-role.json",
        f'az ad sp create-for-rbac --name CloudWatcher --role "{ROLE}" --scopes "/subscriptions/$SUBSCRIPTION"',
        "APP=$(az ad app list --display-name CloudWatcher --query '[0].appId' --output tsv)",
        f"for NAME in {asked}; do",
        "  ROLE_ID=$(az ad sp show --id $GRAPH --query \"appRoles[?value=='$NAME'].id | [0]\" --output tsv)",
        '  az ad app permission add --id "$APP" --api "$GRAPH" --api-permissions "$ROLE_ID=Role"',
        "done",
        'az ad app permission admin-consent --id "$APP"',
    )
