"""Default branches that anybody who may write can change alone."""

from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import Remedy, Reversible
from domain.remediation.step import Call, Step
from domain.rules.github_protection import as_taken, reviews_taken
from domain.rules.github_repository import named
from domain.rules.rule import Observation, Parameter, Rule, RuleContext, fires, quiet

PROTECTION = "/repos/{owner}/{repo}/branches/{branch}/protection"
# GitHub counts no more than this.
MOST_REVIEWS = 6


def is_unprotected(repository: Resource, context: RuleContext) -> Observation | None:
    """Fires when neither a protection nor a ruleset asks for enough reviews, or when history may be rewritten."""
    config = repository.config
    is_empty = "commits" in config and config["commits"] is None
    if "protection" not in config or "rules" not in config or is_empty:
        return None
    found = []
    if not _asks_for_reviews(config, context.parameters["required_reviews"]):
        found.append("takes changes that nobody has reviewed")
    if _is_rewritable(config):
        found.append("lets its history be rewritten")
    if not found:
        return None
    return Observation(
        reason=f"The branch {config['default_branch']} of {repository.name} {' and '.join(found)}.",
        observed={"protection": config["protection"], "rules": sorted({rule["type"] for rule in config["rules"]})},
    )


def _asks_for_reviews(config: dict[str, Any], least: int) -> bool:
    reviews = (config["protection"] or {}).get("required_pull_request_reviews")
    rules = [rule.get("parameters") or {} for rule in config["rules"] if rule["type"] == "pull_request"]
    # GitHub leaves the number out where it tells little: nothing is known against it then.
    counts = [one.get("required_approving_review_count", least) for one in (reviews, *rules) if one is not None]
    return any(count >= least for count in counts)


def _is_rewritable(config: dict[str, Any]) -> bool:
    """A ruleset holds whatever a protection allows."""
    is_allowed = ((config["protection"] or {}).get("allow_force_pushes") or {}).get("enabled") is True
    return is_allowed and not {"pull_request", "non_fast_forward"} & {rule["type"] for rule in config["rules"]}


def protect(repository: Resource, context: RuleContext) -> tuple[Step, ...]:
    """The protection as it stands, with reviews and without rewriting. Undone by the former one, or by none."""
    config, least = repository.config, context.parameters["required_reviews"]
    branch, told = config["default_branch"], config["protection"]
    place = {**named(repository.name), "branch": branch}
    before = as_taken(told or {})
    reviews = reviews_taken((told or {}).get("required_pull_request_reviews") or {}) or {}
    count = max(least, reviews.get("required_approving_review_count", least))
    wanted = {
        **before,
        "required_pull_request_reviews": {**reviews, "required_approving_review_count": count},
        "allow_force_pushes": False,
    }
    label = f"the branch {branch} of {repository.name}"
    back = Step(
        name="back",
        says=f"Give {label} its former protection." if told else f"Take the protection from {label}.",
        call=Call(operation=f"PUT {PROTECTION}", arguments={**place, **before})
        if told
        else Call(operation=f"DELETE {PROTECTION}", arguments=place),
        gone=() if told else ("404",),
    )
    return (
        Step(
            name="protect",
            says=f"Ask for {count} review{'' if count == 1 else 's'} of each change of {label}, and forbid rewriting.",
            call=Call(operation=f"PUT {PROTECTION}", arguments={**place, **wanted}),
            undo=(back,),
        ),
    )


def _repository(*rules: dict[str, Any], **config: Any) -> Resource:
    """A repository for the examples whose branch asks for one review unless said otherwise."""
    plain = {
        "default_branch": "main",
        "protection": _protection(),
        "rules": list(rules),
        "commits": {"count": 3},
    }
    return Resource(
        kind=ResourceKind.GITHUB_REPOSITORY,
        native_id="repository/1",
        name="octo-org/shop",
        config={**plain, **config},
    )


def _protection(reviews: dict[str, Any] | None = None, is_rewritable: bool = False, **told: Any) -> dict[str, Any]:
    asked = {"required_approving_review_count": 1} if reviews is None else reviews
    return {
        "enforce_admins": {"enabled": True},
        "required_pull_request_reviews": asked,
        "allow_force_pushes": {"enabled": is_rewritable},
        **told,
    }


def _reviews(count: int) -> dict[str, Any]:
    return {"type": "pull_request", "parameters": {"required_approving_review_count": count}}


ONE = {"required_reviews": 1}
CHECKS = {"strict": True, "contexts": ["test"], "checks": [{"context": "test", "app_id": None}]}
DISMISSERS = {"users": [{"login": "ann"}], "teams": [{"slug": "leads"}], "apps": []}

BRANCH_PROTECTION = Rule(
    id="github-branch-protection",
    title="Default branch is not protected",
    description="One stolen account, or one mistake, changes what is delivered, and nobody else has looked at it.",
    category=FindingCategory.SECOPS,
    severity=Severity.HIGH,
    risk=Risk.MEDIUM,
    applies_to=ResourceKind.GITHUB_REPOSITORY,
    permissions=("administration=read", "contents=read", "metadata=read"),
    source="GitHub REST API, branch protection and rules for a branch",
    blind_spots="Who may pass a protection or a ruleset by is not looked at, nor any branch but the default one.",
    parameters=(
        Parameter(
            name="required_reviews",
            default=1,
            least=1,
            most=MOST_REVIEWS,
            meaning="Approving reviews that each change needs.",
        ),
    ),
    needs=("protection", "rules"),
    check=is_unprotected,
    group="change-control",
    remedy=Remedy(
        says="Asks for reviews of each change of the default branch and forbids rewriting it.",
        plan=protect,
        reversible=Reversible.YES,
        permissions=("administration=write",),
    ),
    examples=(
        fires(_repository(protection=None), parameters=ONE),
        fires(_repository(protection=_protection({"required_approving_review_count": 0})), parameters=ONE),
        fires(_repository(protection={"enforce_admins": {"enabled": False}}), parameters=ONE),
        fires(
            _repository(
                protection=_protection(
                    {"dismissal_restrictions": DISMISSERS},
                    is_rewritable=True,
                    required_status_checks=CHECKS,
                    restrictions=DISMISSERS,
                )
            ),
            parameters=ONE,
        ),
        fires(
            _repository(protection=_protection(is_rewritable=True, required_status_checks={"contexts": ["test"]})),
            parameters=ONE,
        ),
        fires(_repository(_reviews(1), protection=None), parameters={"required_reviews": 2}),
        quiet(_repository(), parameters=ONE),
        quiet(_repository(_reviews(1), protection=None), parameters=ONE),
        quiet(_repository({"type": "non_fast_forward"}, protection=_protection(is_rewritable=True)), parameters=ONE),
        quiet(_repository(protection=None, commits=None), parameters=ONE),
    ),
)
