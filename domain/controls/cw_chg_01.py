"""Main branches are protected."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.compliance.environments import is_critical
from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity

REPOSITORIES = "GET /orgs/{org}/repos"
PROTECTION = "GET /repos/{owner}/{repo}/branches/{branch}/protection"
RULES = "GET /repos/{owner}/{repo}/rules/branches/{branch}"
EXPECTED = "reviews, required checks, no force push, for administrators too"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Guard:
    """What a branch is guarded by, whichever way it is."""

    reviews: int
    has_checks: bool
    is_force_push_off: bool
    binds_admins: bool


def _github(case: Case) -> Iterator[Item]:
    """Every repository counts as production that is neither archived nor says otherwise by its topics."""
    for repository in case.answers.items(REPOSITORIES):
        if not repository["archived"]:
            yield _repository(case, repository)


def _repository(case: Case, repository: Mapping[str, Any]) -> Item:
    name = repository["full_name"]
    asked = {
        "owner": repository["owner"]["login"],
        "repo": repository["name"],
        "branch": repository["default_branch"],
    }
    protection = case.answers.answer(PROTECTION, **asked)
    rules = case.answers.under(RULES, "", **asked)
    if protection is None and not rules:
        say = failed if is_critical(repository.get("topics")) else warned
        return say(name, f"{asked['branch']} is not protected", EXPECTED)
    return _verdict(name, _guard(protection, rules), case.parameters["min_reviews"])


def _verdict(name: str, guard: _Guard, min_reviews: int) -> Item:
    missing = [
        *([] if guard.reviews >= min_reviews else [f"{guard.reviews} of {min_reviews} reviews required"]),
        *([] if guard.has_checks else ["no required check"]),
        *([] if guard.is_force_push_off else ["force push allowed"]),
    ]
    if missing:
        return failed(name, ", ".join(missing), EXPECTED)
    if not guard.binds_admins:
        return warned(name, "administrators are exempt", EXPECTED)
    return passed(name, f"{guard.reviews} reviews, required checks, no force push, for administrators too")


def _guard(protection: Mapping[str, Any] | None, rules: list[Any]) -> _Guard:
    """Branch protection and rulesets add up; a ruleset binds administrators unless it names who may bypass it, which
    the rules of a branch do not tell.
    """
    classic = protection or {}
    # GitHub leaves out of a protection what is not required, and rules without a type of their own do not exist.
    reviews = (classic.get("required_pull_request_reviews") or {}).get("required_approving_review_count", 0)
    checks = classic.get("required_status_checks") or {}
    by_rule = {
        rule["type"]: max((one for one in rules if one["type"] == rule["type"]), key=_strictness) for rule in rules
    }
    from_rules = by_rule.get("pull_request", {}).get("parameters", {}).get("required_approving_review_count", 0)
    return _Guard(
        reviews=max(reviews, from_rules),
        has_checks=bool(checks.get("contexts") or checks.get("checks")) or "required_status_checks" in by_rule,
        is_force_push_off="non_fast_forward" in by_rule or (protection is not None and not _may_force(protection)),
        binds_admins=protection is None or protection["enforce_admins"]["enabled"] or _covers(by_rule, from_rules),
    )


def _strictness(rule: Mapping[str, Any]) -> int:
    return int((rule.get("parameters") or {}).get("required_approving_review_count", 0))


def _may_force(protection: Mapping[str, Any]) -> bool:
    return bool(protection["allow_force_pushes"]["enabled"])


def _covers(by_rule: Mapping[str, Any], reviews: int) -> bool:
    """Whether the rulesets alone do what the protection exempts administrators from."""
    return reviews > 0 and {"required_status_checks", "non_fast_forward"} <= by_rule.keys()


CONTROL = Control(
    id="CW-CHG-01",
    name="Main branches are protected",
    category="change",
    severity=Severity.HIGH,
    frequency=Frequency.HALF_HOURLY,
    evidence_kind=EvidenceKind.MACHINE_STATE,
    criteria=("CC8.1", "CC5.2"),
    objective="No one, owners included, can push unreviewed code to a release branch.",
    owner_role="engineering",
    parameters={"min_reviews": 1},
    remediations=("github.protect_branch",),
    procedures=(
        Procedure(
            integration=Integration.GITHUB,
            scope="repository",
            operations=(PROTECTION, RULES, REPOSITORIES),
            passes=(
                "The default branch asks for the wanted number of reviews and at least one check, forbids force "
                "pushes and exempts nobody, by branch protection or a ruleset."
            ),
            warns="Administrators are exempt, or a repository that is not production has no protection.",
            fails="A production repository has neither protection nor ruleset, or they leave out one of these.",
            judge=_github,
        ),
    ),
)
