"""How a Google Cloud project is prepared: a service account with a role of its own."""

import re
from collections.abc import Sequence

from domain.facts.access import ReadNeed
from domain.facts.provider import Provider
from domain.setup.guide import Setup, Snippet, handed_over, in_words, lines, names, permissions_of, plans_of
from domain.setup.level import AccessLevel

# Id and title of the role, and the service account that has it.
ROLES = {
    AccessLevel.READ: ("cloudwatcherReader", "CloudWatcher Reader", "cloudwatcher"),
    AccessLevel.ACT: ("cloudwatcherOperator", "CloudWatcher Operator", "cloudwatcher-act"),
}
# Permissions that a role of a project cannot hold. Source: IAM, "Support levels for permissions in custom roles".
BEYOND_PROJECT = re.compile(r"(billing|resourcemanager\.organizations)\.")
API = re.compile(r"the API ([a-z]+\.googleapis\.com)")


def gcp_setup(needs: Sequence[ReadNeed], level: AccessLevel) -> Setup:
    """What belongs to an organization or to a billing account is granted there, by roles of Google's."""
    permissions = permissions_of(needs)
    own = [name for name in names(permissions) if not BEYOND_PROJECT.match(name)]
    beyond = [name for name in names(permissions) if BEYOND_PROJECT.match(name)]
    apis = sorted({match[1] for need in needs if need.plan and (match := API.fullmatch(need.plan))})
    others = [need for need in needs if need.plan and not API.fullmatch(need.plan)]
    above = [
        f"For what belongs to the organization or the billing account ({', '.join(beyond)}): run the last two commands "
        "with their numbers, and give these numbers when you connect."
    ]
    return Setup(
        provider=Provider.GCP,
        level=level,
        permissions=permissions,
        steps=[
            "Put the id of the project into the commands, and run them with gcloud, signed in as its owner.",
            *(above if beyond else []),
            handed_over(level, "project", f"the content of {ROLES[level][2]}-key.json, and delete the file"),
            *in_words(permissions),
            *plans_of(others),
        ],
        snippets=[Snippet("Commands", "cloudwatcher-gcp.sh", "bash", _commands(own, apis, level))],
    )


def _commands(permissions: Sequence[str], apis: Sequence[str], level: AccessLevel) -> str:
    role, title, account = ROLES[level]
    member = '--member "serviceAccount:$ACCOUNT"'
    return lines(
        "set -eu",
        "PROJECT=YOUR-PROJECT-ID",
        *([f'gcloud services enable --project "$PROJECT" {" ".join(apis)}'] if apis else []),
        f'gcloud iam roles create {role} --project "$PROJECT" --title "{title}" --permissions \\',
        f"  {','.join(permissions)}",
        f'gcloud iam service-accounts create {account} --project "$PROJECT" --display-name "{title}"',
        f'ACCOUNT="{account}@$PROJECT.iam.gserviceaccount.com"',
        f'gcloud projects add-iam-policy-binding "$PROJECT" {member} --role "projects/$PROJECT/roles/{role}"',
        f'gcloud iam service-accounts keys create {account}-key.json --iam-account "$ACCOUNT"',
        "# For an organization and a billing account, where you have them:",
        f"# gcloud organizations add-iam-policy-binding NUMBER {member} --role roles/browser",
        f"# gcloud billing accounts add-iam-policy-binding NUMBER {member} --role roles/billing.viewer",
    )
