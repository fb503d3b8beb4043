"""What rules about droplets share: prices, actions, and how one goes and comes back. No rules here."""

from decimal import Decimal
from typing import Any

from domain.facts.money import Money
from domain.facts.resource import Resource
from domain.remediation.step import TOKEN, Call, Look, Step
from domain.rules.digitalocean_price import SNAPSHOT
from domain.rules.digitalocean_snapshot import PAGE, found_by_name, kept, snapshot_id, snapshot_name, waited_for
from domain.rules.list_price import usd

DROPLET, ACTIONS = "GET /v2/droplets/{droplet_id}", "GET /v2/droplets/{droplet_id}/actions"
REPLACED = ("droplet:create", "droplet:delete", "droplet:update", "image:create", "tag:create")
LOST = (
    "The droplet made again has another id and other addresses, is in no firewall that names droplets one by one, and "
    "is backed up by the usual policy. Reserved addresses point nowhere until they are assigned anew."
)


def monthly_usd(droplet: Resource) -> Decimal | None:
    """What its size costs by DigitalOcean's own list."""
    price = (droplet.config.get("size") or {}).get("price_monthly")
    return None if price is None else Decimal(str(price))


def saving_by_snapshot(droplet: Resource) -> tuple[Money | None, str | None]:
    """What is saved when a snapshot as large as the disk takes the place of the droplet: at least so much."""
    price, disk = monthly_usd(droplet), droplet.config.get("disk")
    if price is None or disk is None:
        return None, None
    return usd(price - disk * SNAPSHOT.usd), f"{price} USD - {disk} GiB * {SNAPSHOT.usd} USD"


def is_public(droplet: Resource) -> bool:
    """Whether it has an address that the internet reaches."""
    networks = droplet.config.get("networks") or {}
    return any(one.get("type") == "public" for family in ("v4", "v6") for one in networks.get(family) or [])


def acted(droplet: Resource, name: str, says: str, found: str, undo: tuple[Step, ...] = (), **body: Any) -> Step:
    """An action of the droplet, waited for. `found` is the path into the droplet that shows that it was done."""
    number = droplet.config["id"]
    return Step(
        name=name,
        says=says,
        call=Call(operation="POST /v2/droplets/{droplet_id}/actions", arguments={"droplet_id": number, **body}),
        found=Look(call=Call(operation=DROPLET, arguments={"droplet_id": number}), path=f"droplet.{found}"),
        wait=finished(number),
        undo=undo,
    )


def finished(number: int) -> Look:
    """Until the newest action of the droplet has ended; it has one at a time."""
    newest = Call(operation=ACTIONS, arguments={"droplet_id": number, "per_page": 1})
    return Look(call=newest, path="actions.0.status", ready=("completed",), failed=("errored",))


def replaced_by_snapshot(droplet: Resource) -> tuple[Step, ...]:
    """A snapshot, and once it is there the droplet goes. Undone by a new droplet made from the snapshot."""
    number, label = droplet.config["id"], f"{droplet.name} ({droplet.native_id})"
    name = snapshot_name(droplet.native_id, map(str, droplet.config.get("snapshot_ids") or []))
    snapshots = Call(
        operation="GET /v2/droplets/{droplet_id}/snapshots", arguments={"droplet_id": number, "per_page": PAGE}
    )
    taken = Step(
        name="snapshot",
        says=f"Take a snapshot of droplet {label}.",
        call=Call(
            operation="POST /v2/droplets/{droplet_id}/actions",
            arguments={"droplet_id": number, "type": "snapshot", "name": name},
        ),
        found=found_by_name(snapshots, name),
        wait=finished(number),
    )
    gone = Step(
        name="delete",
        says=f"Delete droplet {label}. Its volumes stay, attached to nothing.",
        call=Call(operation="DELETE /v2/droplets/{droplet_id}", arguments={"droplet_id": number}),
        gone=("404",),
        undo=(_made_again(droplet, name),),
    )
    of = f"droplet {label}"
    return (taken, waited_for(snapshots, name, of), kept(snapshots, name, of), gone)


def _made_again(droplet: Resource, name: str) -> Step:
    """The tag of the step, which no other droplet has, shows that it was made."""
    config = droplet.config
    features = config.get("features") or []
    marked = Call(operation="GET /v2/droplets", arguments={"tag_name": TOKEN})
    optional = {"vpc_uuid": config.get("vpc_uuid"), "volumes": config.get("volume_ids")}
    return Step(
        name="create",
        says=f"Make a droplet like {droplet.name} from the snapshot.",
        call=Call(
            operation="POST /v2/droplets",
            arguments={
                "name": droplet.name,
                "region": droplet.region,
                "size": config.get("size_slug"),
                "image": snapshot_id(name),
                "backups": "backups" in features,
                "ipv6": "ipv6" in features,
                "monitoring": "monitoring" in features,
                "tags": [*(config.get("tags") or []), TOKEN],
                **{key: value for key, value in optional.items() if value},
            },
        ),
        found=Look(call=marked, path="droplets.0"),
        wait=Look(call=marked, path="droplets.0.status", ready=("active",)),
    )
