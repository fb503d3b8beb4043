"""Keys that may change a repository and that nobody uses."""

from datetime import datetime, timedelta
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import Remedy, Reversible
from domain.remediation.step import Call, Look, Step
from domain.rules.github_repository import named
from domain.rules.rule import EXAMPLE_NOW, Observation, Parameter, Rule, RuleContext, fires, quiet

KEYS = "/repos/{owner}/{repo}/keys"
PAGE = 100


def is_writable_and_unused(key: Resource, context: RuleContext) -> Observation | None:
    """Fires on a key that may write and was not used for longer than `unused_days`, counted from when it was made."""
    if key.config.get("read_only") is not False or "last_used" not in key.config or key.created_at is None:
        return None
    last = key.config["last_used"]
    since = datetime.fromisoformat(last) if last else key.created_at
    if context.now - since <= context.days("unused_days"):
        return None
    used = f"last used on {since:%Y-%m-%d}" if last else f"never used since {since:%Y-%m-%d}"
    return Observation(
        reason=f"Deploy key {key.name} may write to {key.config['repository']} and was {used}.",
        observed={"read_only": False, "last_used": last, "created_at": key.created_at.isoformat()},
    )


def remove(key: Resource, _: RuleContext) -> tuple[Step, ...]:
    """The key goes. Undone with its public half, which shows whether that was done already."""
    place, config = named(key.config["repository"]), key.config
    listed = Call(operation=f"GET {KEYS}", arguments={**place, "per_page": PAGE})
    back = Step(
        name="back",
        says=f"Let the key {key.name} write to {config['repository']} again.",
        call=Call(
            operation=f"POST {KEYS}",
            arguments={**place, "title": config["title"], "key": config["key"], "read_only": False},
        ),
        found=Look(call=listed, path=f"key={config['key']}"),
    )
    return (
        Step(
            name="remove",
            says=f"Remove the deploy key {key.name} from {config['repository']}.",
            call=Call(operation=f"DELETE {KEYS}/{{key_id}}", arguments={**place, "key_id": config["id"]}),
            gone=("404",),
            undo=(back,),
        ),
    )


def _key(used_days: int | None, age_days: int = 400, **config: Any) -> Resource:
    """A key for the examples that may write, used so many days ago or never."""
    used = None if used_days is None else (EXAMPLE_NOW - timedelta(days=used_days)).isoformat()
    plain = {"id": 7, "title": "deploy", "key": "ssh-ed25519 AAAA", "read_only": False, "last_used": used}
    return Resource(
        kind=ResourceKind.GITHUB_DEPLOY_KEY,
        native_id="key/7",
        name="deploy",
        created_at=EXAMPLE_NOW - timedelta(days=age_days),
        config={**plain, "repository": "octo-org/shop", **config},
    )


DEPLOY_KEY_WRITE = Rule(
    id="github-deploy-key-write",
    title="Deploy key may write and is not used",
    description="A key opens its repository to whoever holds a copy. One that nobody uses is missed by nobody.",
    category=FindingCategory.SECOPS,
    severity=Severity.MEDIUM,
    risk=Risk.HIGH,
    applies_to=ResourceKind.GITHUB_DEPLOY_KEY,
    permissions=("administration=read", "metadata=read"),
    source="GitHub REST API, deploy keys (read_only, last_used)",
    blind_spots="A key that is used once a year looks unused. Who holds it is not known.",
    parameters=(Parameter(name="unused_days", default=90, meaning="Days a key may go unused."),),
    needs=("read_only", "last_used"),
    check=is_writable_and_unused,
    group="identity",
    remedy=Remedy(
        says="Removes the key.",
        plan=remove,
        reversible=Reversible.PARTLY,
        loses="The key that is added again has another id and forgets when it was used.",
        permissions=("administration=write",),
    ),
    examples=(
        fires(_key(91), parameters={"unused_days": 90}),
        fires(_key(None, age_days=91), parameters={"unused_days": 90}),
        quiet(_key(90), parameters={"unused_days": 90}),
        quiet(_key(None, age_days=90), parameters={"unused_days": 90}),
        quiet(_key(91, read_only=True), parameters={"unused_days": 90}),
    ),
)
