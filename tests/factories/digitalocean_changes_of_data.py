"""Changes of what holds data in a DigitalOcean team: copies, spread, privacy, labels. See digitalocean_changes."""

from collections.abc import Callable
from typing import Any

from domain.facts.compliance import Verdict
from tests.factories.digitalocean_things import (
    DEVELOPMENT,
    Row,
    Team,
    database,
    day,
    droplet,
    each,
    example,
    kubernetes,
    listed,
    volume,
)

PASS, WARNING, FAIL = Verdict.PASS, Verdict.WARNING, Verdict.FAIL
REPLICA = {"id": "r-1", "name": "shop-replica", "region": "fra1", "status": "online", "created_at": day(9)}
POOL = {"name": "web", "mode": "transaction", "size": 10, "db": "shop", "user": "doadmin"}


def copied(days: float) -> dict[str, Any]:
    """A copy of a database made so many days ago."""
    return {"created_at": day(days), "size_gigabytes": 0.03}


def unsaved(*, public: bool, **own: Any) -> Callable[[Team], str]:
    """A droplet without backups, of an image of everybody's or of one's own."""

    def make(team: Team) -> str:
        image = {**example(team, "droplets_all", "droplets")["image"], "public": public}
        return droplet(features=["ipv6"], next_backup_window=None, image=image, **own)(team)

    return make


def image(*, public: bool) -> Callable[[Team], str]:
    def make(team: Team) -> str:
        return listed("images", {**example(team, "images_custom", "images"), "public": public})(team)

    return make


def space(name: str, *rules: dict[str, Any], acl: str = "private") -> Callable[[Team], str]:
    """A bucket with these rules for what is in it."""

    def make(team: Team) -> str:
        s3 = team.spaces.client("s3")
        s3.create_bucket(Bucket=name, ACL=acl)
        if rules:
            s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": list(rules)})
        return name

    return make


def destroyed(days: int, prefix: str = "") -> dict[str, Any]:
    return {"ID": "old", "Status": "Enabled", "Filter": {"Prefix": prefix}, "Expiration": {"Days": days}}


def app(name: str, kind: str | None) -> Callable[[Team], str]:
    """An app of one service that has one variable, of a type unless it is None."""
    variable = {"key": name, "scope": "RUN_TIME", "value": "EV[1:x:y]"} | ({"type": kind} if kind else {})
    spec = {"name": "shop", "region": "fra", "services": [{"name": "web", "envs": [variable]}]}
    return listed("apps", {"id": "4f6c71e2-1e90-4762-9fee-6cc4a0a9f2cf", "spec": spec, "created_at": day(90)})


def labelled(count: int) -> Callable[[Team], str]:
    """So many volumes with a label."""
    return each(*[volume("data-class:pii")] * count)


def endpoint(ttl: int) -> Callable[[Team], str]:
    """Files of a space at the edge."""
    origin = "static-images.nyc3.digitaloceanspaces.com"
    named = {"origin": origin, "endpoint": "static-images.nyc3.cdn.digitaloceanspaces.com", "ttl": ttl}
    found = {"id": "19f06b6a-3ace-4315-b086-499a0e521b76", **named, "created_at": day(90)}
    return listed("endpoints", found, name="endpoint")


ROWS: tuple[Row, ...] = (
    ("CW-AVL-01", PASS, database(backups=[copied(3), copied(1)]), "last copy: 2026-11-25T12:00:00Z"),
    ("CW-AVL-01", FAIL, database(backups=[copied(3), copied(2)]), "last copy: 2026-11-24T12:00:00Z"),
    ("CW-AVL-01", FAIL, database(), "last copy: none"),
    ("CW-AVL-01", PASS, droplet(), "backups on, next at 2020-07-30T00:00:00Z"),
    ("CW-AVL-01", WARNING, unsaved(public=False), "no backups, but made of an image of one's own"),
    ("CW-AVL-01", FAIL, unsaved(public=True), "no backups"),
    ("CW-AVL-03", PASS, database(num_nodes=2), "nodes: 2"),
    ("CW-AVL-03", WARNING, database(tags=[DEVELOPMENT]), "nodes: 1, not critical"),
    ("CW-AVL-03", FAIL, database(), "nodes: 1"),
    ("CW-AVL-03", PASS, kubernetes(), "highly available: True"),
    ("CW-AVL-03", WARNING, kubernetes(ha=False, tags=[DEVELOPMENT]), "highly available: False, not critical"),
    ("CW-AVL-03", FAIL, kubernetes(ha=False), "highly available: False"),
    ("CW-DAT-01", PASS, space("papers"), "no grant to the group AllUsers"),
    ("CW-DAT-01", FAIL, space("papers", acl="public-read"), "listed to everybody"),
    ("CW-DAT-01", PASS, image(public=False), "private image"),
    ("CW-DAT-01", FAIL, image(public=True), "public image"),
    ("CW-DAT-02", PASS, volume(), "volume, encrypted by the provider"),
    ("CW-DAT-02", PASS, database(), "database, encrypted by the provider"),
    (
        "CW-DAT-02",
        WARNING,
        droplet(tags=["data-class:restricted"], volume_ids=[]),
        "labelled restricted, on the disk of the droplet",
    ),
    ("CW-DAT-05", PASS, app("DB_PASSWORD", "SECRET"), "no variable looks like a credential"),
    ("CW-DAT-05", FAIL, app("DB_PASSWORD", "GENERAL"), "plain variables: DB_PASSWORD"),
    ("CW-DAT-05", FAIL, app("STRIPE_API_KEY", None), "plain variables: STRIPE_API_KEY"),
    ("CW-DAT-06", PASS, volume("data-class:pii"), "data-class is pii"),
    ("CW-DAT-06", PASS, each(labelled(49), database()), "no data-class; 49 of 50 stores are labelled"),
    ("CW-DAT-06", WARNING, each(labelled(9), database()), "no data-class; 9 of 10 stores are labelled"),
    ("CW-DAT-06", FAIL, each(labelled(1), database()), "no data-class; 1 of 2 stores are labelled"),
    ("CW-DAT-07", PASS, space("acme-pii-exports", destroyed(730)), "pii, destroyed after 730 days"),
    ("CW-DAT-07", WARNING, space("acme-pii-exports", destroyed(30)), "pii, destroyed after 30 days"),
    (
        "CW-DAT-07",
        WARNING,
        space("acme-pii-exports", destroyed(730, prefix="logs/")),
        "pii, destroyed in part or at another time",
    ),
    ("CW-DAT-07", WARNING, space("papers"), "no label in its name, no rule with a term of a label"),
    ("CW-DAT-07", FAIL, space("acme-pii-exports"), "pii, without a rule that destroys it"),
    ("PS-CDN-08", WARNING, endpoint(604_800), "kept for 7 days, 0:00:00"),
    ("PS-CDN-08", FAIL, endpoint(3600), "kept for 1:00:00"),
    ("PS-TRF-06", PASS, database(pools=[POOL], replicas=[REPLICA]), "a replica, a pool or proxy"),
    ("PS-TRF-06", WARNING, database(pools=[POOL]), "no replica, a pool or proxy"),
    ("PS-TRF-06", WARNING, database(engine="mysql", replicas=[REPLICA]), "a replica, no pool or proxy"),
    ("PS-TRF-06", FAIL, database(), "no replica, no pool or proxy"),
)
