"""What workflows of an organization may do, and whose code they run."""

from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import Remedy, Reversible
from domain.remediation.step import Call, Step
from domain.rules.rule import Observation, Rule, RuleContext, fires, quiet

PERMISSIONS = "PUT /orgs/{org}/actions/permissions"


def writes(organization: Resource, _: RuleContext) -> Observation | None:
    """Fires when workflows get a token that writes, or may approve pull requests."""
    found = organization.config.get("actions_workflow_permissions") or {}
    is_writing = found.get("default_workflow_permissions") == "write"
    if not is_writing and not found.get("can_approve_pull_request_reviews"):
        return None
    what = "get a token that may write" if is_writing else "may approve pull requests"
    return Observation(reason=f"Workflows of {organization.name} {what} unless they say otherwise.", observed=found)


def only_read(organization: Resource, _: RuleContext) -> tuple[Step, ...]:
    """A token for reading; a workflow that needs more asks for it in its file."""
    found = organization.config["actions_workflow_permissions"]

    def allowing(name: str, says: str, right: str, may_approve: bool) -> Step:
        arguments = {"default_workflow_permissions": right, "can_approve_pull_request_reviews": may_approve}
        return Step(name=name, says=says, call=Call(operation=f"{PERMISSIONS}/workflow", arguments=arguments))

    before = found["default_workflow_permissions"], bool(found.get("can_approve_pull_request_reviews"))
    back = allowing("back", f"Give workflows of {organization.name} what they had.", *before)
    says = f"Give workflows of {organization.name} a token that only reads, and no right to approve."
    return (allowing("lower", says, "read", may_approve=False).model_copy(update={"undo": (back,)}),)


def runs_anything(organization: Resource, _: RuleContext) -> Observation | None:
    """Fires when workflows may use any action of anybody."""
    found = organization.config.get("actions_permissions") or {}
    if found.get("allowed_actions") != "all":
        return None
    return Observation(
        reason=f"Workflows of {organization.name} may run the actions of anybody.",
        observed={"allowed_actions": "all", "enabled_repositories": found.get("enabled_repositories")},
    )


def select(organization: Resource, _: RuleContext) -> tuple[Step, ...]:
    """Actions of GitHub and of creators it has verified. Which others are allowed is for a person to add."""
    found, name = organization.config["actions_permissions"], organization.name
    kept = {key: found[key] for key in ("enabled_repositories", "sha_pinning_required") if key in found}

    def allowing(step: str, says: str, actions: str) -> Step:
        return Step(
            name=step, says=says, call=Call(operation=PERMISSIONS, arguments={**kept, "allowed_actions": actions})
        )

    back = allowing("back", f"Let workflows of {name} run the actions of anybody again.", "all")
    limit = allowing("limit", f"Let workflows of {name} run only selected actions.", "selected")
    chosen = Step(
        name="select",
        says=f"Select for {name} the actions of GitHub and of creators it has verified. Workflows with others stop.",
        call=Call(
            operation=f"{PERMISSIONS}/selected-actions",
            arguments={"github_owned_allowed": True, "verified_allowed": True, "patterns_allowed": []},
        ),
    )
    return (limit.model_copy(update={"undo": (back,)}), chosen)


def _organization(**config: Any) -> Resource:
    """An organization for the examples whose workflows may do little."""
    plain = {
        "actions_permissions": {"enabled_repositories": "all", "allowed_actions": "selected"},
        "actions_workflow_permissions": _token(),
    }
    return Resource(kind=ResourceKind.GITHUB_ORGANIZATION, native_id="1", name="octo-org", config={**plain, **config})


def _token(right: str = "read", may_approve: bool = False) -> dict[str, Any]:
    return {"default_workflow_permissions": right, "can_approve_pull_request_reviews": may_approve}


ACTIONS_TOKEN_WRITE = Rule(
    id="github-actions-token-write",
    title="Workflows get a token that may write",
    description="What a workflow runs, it runs with that token: also the code of an action that was taken over.",
    category=FindingCategory.SECOPS,
    severity=Severity.MEDIUM,
    risk=Risk.MEDIUM,
    applies_to=ResourceKind.GITHUB_ORGANIZATION,
    permissions=("organization_administration=read",),
    source="GitHub REST API, default workflow permissions of an organization",
    blind_spots="Repositories may have their own setting below it, and workflows may ask for more in their files.",
    needs=("actions_workflow_permissions",),
    check=writes,
    group="hardening",
    remedy=Remedy(
        says="Gives workflows a token that only reads.",
        plan=only_read,
        reversible=Reversible.YES,
        permissions=("organization_administration=write",),
    ),
    examples=(
        fires(_organization(actions_workflow_permissions=_token("write"))),
        fires(_organization(actions_workflow_permissions=_token(may_approve=True))),
        quiet(_organization()),
    ),
)

ACTIONS_UNPINNED = Rule(
    id="github-actions-unpinned",
    title="Workflows may run the actions of anybody",
    description="An action runs beside the secrets of the workflow. Whoever takes one over takes those too.",
    category=FindingCategory.SECOPS,
    severity=Severity.MEDIUM,
    risk=Risk.MEDIUM,
    applies_to=ResourceKind.GITHUB_ORGANIZATION,
    permissions=("organization_administration=read",),
    source="GitHub REST API, permissions of Actions in an organization",
    blind_spots="Which actions workflows use is not looked at: those of others stop until somebody allows them. What "
    "was selected before everything was allowed is not told, and is replaced.",
    needs=("actions_permissions",),
    check=runs_anything,
    group="hardening",
    remedy=Remedy(
        says="Allows only the actions of GitHub and of creators it has verified.",
        plan=select,
        reversible=Reversible.YES,
        permissions=("organization_administration=write",),
    ),
    examples=(
        fires(_organization(actions_permissions={"enabled_repositories": "all", "allowed_actions": "all"})),
        quiet(_organization()),
        quiet(_organization(actions_permissions={"enabled_repositories": "none"})),
    ),
)
