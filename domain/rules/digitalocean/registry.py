"""Container registries that keep what nobody can pull any more."""

from datetime import datetime, timedelta
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import Remedy, Reversible
from domain.remediation.step import Call, Look, Step
from domain.rules.rule import EXAMPLE_NOW, Observation, Rule, RuleContext, fires, quiet

MOST_AGE = timedelta(days=30)
START, RUNNING = (f"{method} /v2/registry/{{registry_name}}/garbage-collection" for method in ("POST", "GET"))
# As many as one page of the list can hold.
PAGE = 200


def is_uncollected(registry: Resource, context: RuleContext) -> Observation | None:
    """Fires when no garbage was collected in 30 days, nor the registry made since."""
    collected = registry.config.get("garbage_collections")
    if collected is None or registry.created_at is None:
        return None
    last = max([registry.created_at, *(datetime.fromisoformat(one["created_at"]) for one in collected)])
    if context.now - last <= MOST_AGE:
        return None
    return Observation(
        reason=f"Registry {registry.name} has collected no garbage since {last:%Y-%m-%d}.",
        observed={"garbage_collections": len(collected), "last": last.isoformat()},
    )


def collect(registry: Resource, _: RuleContext) -> tuple[Step, ...]:
    """One collection of blobs that no image refers to; while it runs nothing can be pushed."""
    name = registry.native_id
    listed = Call(operation=f"{RUNNING}s", arguments={"registry_name": name, "per_page": PAGE})
    return (
        Step(
            name="collect",
            says=f"Collect the garbage of registry {name}; nothing can be pushed meanwhile.",
            call=Call(operation=START, arguments={"registry_name": name, "type": "unreferenced blobs only"}),
            # One more than there were.
            found=Look(call=listed, path=f"garbage_collections.{len(registry.config['garbage_collections'])}"),
            wait=Look(call=Call(operation=RUNNING, arguments={"registry_name": name}), path="garbage_collection"),
        ),
    )


def _registry(*days_ago: int, age_days: int = 400, **config: Any) -> Resource:
    """A registry for the examples, whose garbage was collected so many days ago."""
    collected = [
        {"status": "succeeded", "created_at": (EXAMPLE_NOW - timedelta(days=days)).isoformat()} for days in days_ago
    ]
    return Resource(
        kind=ResourceKind.DIGITALOCEAN_REGISTRY,
        native_id="shop",
        name="shop",
        created_at=EXAMPLE_NOW - timedelta(days=age_days),
        config={"name": "shop", "garbage_collections": collected, **config},
    )


REGISTRY_GARBAGE = Rule(
    id="digitalocean-registry-garbage",
    title="Registry keeps garbage",
    description="Layers that no image refers to are billed until they are collected.",
    category=FindingCategory.FINOPS,
    severity=Severity.LOW,
    risk=Risk.LOW,
    applies_to=ResourceKind.DIGITALOCEAN_REGISTRY,
    permissions=("registry:read",),
    source="DigitalOcean API, garbage collections of a registry",
    blind_spots="How much is garbage shows only afterwards, so there is no estimate; within the plan's allowance "
    "nothing is saved.",
    needs=("garbage_collections",),
    check=is_uncollected,
    group="storage-tier",
    remedy=Remedy(
        says="Collects what no image refers to.",
        plan=collect,
        reversible=Reversible.NO,
        loses="Blobs that no image refers to are gone for good.",
        permissions=("registry:create",),
    ),
    examples=(
        fires(_registry(31, 60)),
        fires(_registry()),
        quiet(_registry(30, 60)),
        quiet(_registry(age_days=30)),
        quiet(_registry(garbage_collections=None)),
    ),
)
