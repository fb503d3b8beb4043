"""Commits and builds can be traced to their maker."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.compliance.pull_requests import COMMITS, WINDOW_DAYS, commits
from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity

REPOSITORIES = "GET /orgs/{org}/repos"
PROTECTION = "GET /repos/{owner}/{repo}/branches/{branch}/protection"
ACTIONS = "GET /repos/{owner}/{repo}/actions/permissions"
ATTESTATIONS = "GET /repos/{owner}/{repo}/attestations/{subject_digest}"
PINNED = "only selected actions, pinned to a commit"


def _github(case: Case) -> Iterator[Item]:
    """Two items of each repository that can change: its commits and its build steps. Provenance is told, not judged."""
    active = [one for one in case.answers.items(REPOSITORIES) if not one["archived"]]
    verified = _verified(case) if active else {}
    for repository in active:
        yield from _commits(case, repository, verified.get(repository["full_name"], {}))
        yield _builds(case, repository)


def _verified(case: Case) -> dict[str, dict[str, bool]]:
    """Whether each commit of the window is verified, by repository and SHA."""
    found: dict[str, dict[str, bool]] = defaultdict(dict)
    for name, one in commits(case.answers, case.now, case.parameters["window_days"]):
        found[name][one["sha"]] = one["commit"]["verification"]["verified"]
    return found


def _commits(case: Case, repository: Mapping[str, Any], verified: Mapping[str, bool]) -> Iterator[Item]:
    name, asked = repository["full_name"], _asked(repository)
    protection = case.answers.answer(PROTECTION, **asked, branch=repository["default_branch"])
    if protection is not None and (protection.get("required_signatures") or {}).get("enabled"):
        yield passed(name, "signatures are required")
        return
    if verified:
        yield _share(name, sum(verified.values()), len(verified), case.parameters["warn_ratio"])


def _share(name: str, good: int, every: int, warn_ratio: float) -> Item:
    said = f"{good} of {every} commits verified"
    if good == every:
        return passed(name, said)
    say = warned if good / every >= warn_ratio else failed
    return say(name, said, "every commit is verified, or signatures are required")


def _builds(case: Case, repository: Mapping[str, Any]) -> Item:
    name, asked = repository["full_name"], _asked(repository)
    allowed = case.answers.answer(ACTIONS, **asked)
    proven = len(case.answers.under(ATTESTATIONS, "attestations", **asked))
    if not allowed["enabled"]:
        return passed(name, "no actions run")
    which = allowed["allowed_actions"]
    said = f"actions allowed: {which}; attestations of the latest release: {proven}"
    if which == "all":
        return failed(name, said, PINNED)
    # Actions of the own organization are fewer than selected ones; a server that knows no pinning asks for none.
    if which == "local_only" or allowed.get("sha_pinning_required", False):
        return passed(name, said)
    return warned(name, f"{said}; not pinned", PINNED)


def _asked(repository: Mapping[str, Any]) -> dict[str, Any]:
    return {"owner": repository["owner"]["login"], "repo": repository["name"]}


CONTROL = Control(
    id="CW-CHG-03",
    name="Commits and builds can be traced to their maker",
    category="change",
    severity=Severity.MEDIUM,
    frequency=Frequency.DAILY,
    evidence_kind=EvidenceKind.EVENT_POPULATION,
    criteria=("CC8.1", "CC6.8"),
    objective="Signed commits, pinned build steps and provenance stop substituted code.",
    owner_role="engineering",
    parameters={"warn_ratio": 0.95, "window_days": WINDOW_DAYS},
    remediations=("github.require_signatures", "github.restrict_actions"),
    procedures=(
        Procedure(
            integration=Integration.GITHUB,
            scope="repository",
            operations=(COMMITS, PROTECTION, ACTIONS, ATTESTATIONS, REPOSITORIES),
            passes=(
                "Every commit of the window is verified, or signatures are required; builds use selected actions "
                "only, pinned to a commit."
            ),
            warns="Not all commits are verified, but warn_ratio of them; or selected actions are not pinned.",
            fails="Fewer commits than warn_ratio are verified, or builds may use all actions.",
            judge=_github,
            version=2,
        ),
    ),
)
