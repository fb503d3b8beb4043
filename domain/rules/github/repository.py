"""Repositories that show too much, or that nobody searches for secrets and holes."""

from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import Call, Step
from domain.rules.github_repository import is_active, named
from domain.rules.rule import Observation, Parameter, Rule, RuleContext, fires, quiet

REPOSITORY = "/repos/{owner}/{repo}"
SCANNING = {"secret_scanning": "secret scanning", "secret_scanning_push_protection": "push protection"}


def is_unscanned(repository: Resource, _: RuleContext) -> Observation | None:
    """Fires when secret scanning or push protection is off."""
    off = _off(repository)
    if not off or not is_active(repository):
        return None
    return Observation(
        reason=f"In {repository.name} {' and '.join(SCANNING[name] for name in off)} is off.",
        observed=dict.fromkeys(off, "disabled"),
    )


def _off(repository: Resource) -> list[str]:
    settings = repository.config.get("security_and_analysis") or {}
    return [name for name in SCANNING if (settings.get(name) or {}).get("status") == "disabled"]


def scan(repository: Resource, _: RuleContext) -> tuple[Step, ...]:
    """What is off, and only that, is switched on."""
    off = _off(repository)
    what = " and ".join(SCANNING[name] for name in off)

    def switched(name: str, says: str, status: str) -> Step:
        settings = {one: {"status": status} for one in off}
        arguments = {**named(repository.name), "security_and_analysis": settings}
        return Step(name=name, says=says, call=Call(operation=f"PATCH {REPOSITORY}", arguments=arguments))

    back = switched("back", f"Switch {what} of {repository.name} off again.", "disabled")
    step = switched("scan", f"Switch on {what} of {repository.name}.", "enabled")
    return (step.model_copy(update={"undo": (back,)}),)


def lacks_alerts(repository: Resource, _: RuleContext) -> Observation | None:
    """Fires when Dependabot's alerts are off."""
    if repository.config.get("vulnerability_alerts") is not False or not is_active(repository):
        return None
    return Observation(
        reason=f"Nobody is told of known holes in what {repository.name} depends on.",
        observed={"vulnerability_alerts": False},
    )


def alert(repository: Resource, _: RuleContext) -> tuple[Step, ...]:
    """The alerts, and the fixes which need them."""
    kinds = {"vulnerability-alerts": "alerts of known holes", "automated-security-fixes": "pull requests that fix them"}

    def called(method: str, kind: str, name: str, says: str) -> Step:
        operation = f"{method} {REPOSITORY}/{kind}"
        return Step(name=name, says=says, call=Call(operation=operation, arguments=named(repository.name)))

    steps = []
    for kind, what in kinds.items():
        back = called("DELETE", kind, f"no-{kind}", f"Switch off {what} in {repository.name}.")
        step = called("PUT", kind, kind, f"Switch on {what} in {repository.name}.")
        steps.append(step.model_copy(update={"undo": (back.model_copy(update={"gone": ("404",)}),)}))
    return tuple(steps)


def is_public(repository: Resource, context: RuleContext) -> Observation | None:
    """Fires on a public repository that is not on the list of those that may be."""
    allowed = {name.lower() for name in context.parameters["allowed"]}
    own = repository.name.lower()
    if repository.config.get("visibility") != "public" or allowed & {own, own.partition("/")[2]}:
        return None
    return Observation(
        reason=f"Anybody can read {repository.name}, which is not among the repositories that may be public.",
        observed={"visibility": "public"},
    )


def hide(repository: Resource, _: RuleContext) -> tuple[Step, ...]:
    """Private from now on. Raises NoPlan for an archived one, which cannot change."""
    if not is_active(repository):
        raise NoPlan(f"{repository.name} is archived and cannot change: take it out of the archive first.")

    def seen(name: str, says: str, visibility: str) -> Step:
        arguments = {**named(repository.name), "visibility": visibility}
        return Step(name=name, says=says, call=Call(operation=f"PATCH {REPOSITORY}", arguments=arguments))

    back = seen("back", f"Make {repository.name} public again.", "public")
    says = f"Make {repository.name} private. Its stars are lost and its public forks stand alone."
    return (seen("hide", says, "private").model_copy(update={"undo": (back,)}),)


def _repository(**config: Any) -> Resource:
    """A private repository with everything on for the examples."""
    plain = {
        "archived": False,
        "visibility": "private",
        "vulnerability_alerts": True,
        "security_and_analysis": _scanning(),
    }
    return Resource(
        kind=ResourceKind.GITHUB_REPOSITORY,
        native_id="repository/1",
        name="octo-org/Shop",
        config={**plain, **config},
    )


def _scanning(secrets: str = "enabled", pushes: str = "enabled") -> dict[str, Any]:
    return {"secret_scanning": {"status": secrets}, "secret_scanning_push_protection": {"status": pushes}}


SECRET_SCANNING = Rule(
    id="github-secret-scanning",
    title="Repository is not searched for secrets",
    description="A key that was pushed is found by others first. Push protection stops it before it is there.",
    category=FindingCategory.SECOPS,
    severity=Severity.HIGH,
    risk=Risk.LOW,
    applies_to=ResourceKind.GITHUB_REPOSITORY,
    permissions=("administration=read", "metadata=read"),
    source="GitHub REST API, security_and_analysis of a repository",
    blind_spots="For private repositories GitHub asks for a licence, without which it refuses to switch this on.",
    needs=("security_and_analysis",),
    check=is_unscanned,
    group="detection",
    remedy=Remedy(
        says="Switches on secret scanning and push protection.",
        plan=scan,
        reversible=Reversible.YES,
        permissions=("administration=write",),
    ),
    examples=(
        fires(_repository(security_and_analysis=_scanning("disabled", "disabled"))),
        fires(_repository(security_and_analysis=_scanning(pushes="disabled"))),
        quiet(_repository()),
        quiet(_repository(security_and_analysis=None)),
        quiet(_repository(security_and_analysis=_scanning("disabled"), archived=True)),
    ),
)

DEPENDABOT_ALERTS = Rule(
    id="github-dependabot-alerts",
    title="Repository has no alerts of known holes",
    description="What a program depends on has holes that become known. Somebody should be told, and sent the fix.",
    category=FindingCategory.SECOPS,
    severity=Severity.MEDIUM,
    risk=Risk.LOW,
    applies_to=ResourceKind.GITHUB_REPOSITORY,
    permissions=("administration=read", "metadata=read"),
    source="GitHub REST API, vulnerability alerts of a repository",
    blind_spots="Another scanner that does the same is not seen. Archived repositories are left alone.",
    needs=("vulnerability_alerts",),
    check=lacks_alerts,
    group="detection",
    remedy=Remedy(
        says="Switches on Dependabot's alerts and its pull requests with fixes.",
        plan=alert,
        reversible=Reversible.YES,
        permissions=("administration=write",),
    ),
    examples=(
        fires(_repository(vulnerability_alerts=False)),
        quiet(_repository()),
        quiet(_repository(vulnerability_alerts=False, archived=True)),
    ),
)

REPO_PUBLIC = Rule(
    id="github-repo-public",
    title="Repository is public and should not be",
    description="What is public is copied, whatever becomes of the repository afterwards.",
    category=FindingCategory.SECOPS,
    severity=Severity.CRITICAL,
    risk=Risk.HIGH,
    applies_to=ResourceKind.GITHUB_REPOSITORY,
    permissions=("metadata=read",),
    source="GitHub REST API, visibility of a repository",
    blind_spots="Whether a repository is meant to be public is known only from the list. Copies that others made stay.",
    parameters=(
        Parameter(
            name="allowed",
            default=(),
            meaning="Names of repositories that may be public, with or without the organization before them.",
        ),
    ),
    needs=("visibility",),
    check=is_public,
    group="data-exposure",
    remedy=Remedy(
        says="Makes the repository private.",
        plan=hide,
        reversible=Reversible.PARTLY,
        loses="Stars and watchers do not come back, and public forks stay detached.",
        permissions=("administration=write",),
    ),
    examples=(
        fires(_repository(visibility="public"), parameters={"allowed": ("docs",)}),
        fires(_repository(visibility="public", archived=True), parameters={"allowed": ()}),
        quiet(_repository(visibility="public"), parameters={"allowed": ("shop",)}),
        quiet(_repository(visibility="public"), parameters={"allowed": ("octo-org/shop",)}),
        quiet(_repository(), parameters={"allowed": ()}),
    ),
)
