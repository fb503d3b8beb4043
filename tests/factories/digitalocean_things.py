"""Things of a DigitalOcean team, made in the stand-in with the shapes of DigitalOcean's own examples.

Each gives the id by which controls name it. Times are days before NOW; those to come are less than none.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

from domain.facts.compliance import Verdict
from tests.fakes.aws import Moto
from tests.fakes.collecting import NOW
from tests.fakes.digitalocean_whole import DigitalOceanWhole


class Team(NamedTuple):
    """A team, and its Spaces, which have an interface of their own."""

    cloud: DigitalOceanWhole
    spaces: Moto


Row = tuple[str, Verdict, Callable[[Team], str], str] | tuple[str, Verdict, Callable[[Team], str], str, timedelta]
DEVELOPMENT = "environment:development"
NETWORK, DEFAULT_NETWORK = "5a4981aa-9653-4bd1-bef5-d6bff52042e4", "e0fe0f4d-596a-465e-a902-571ce57b79fa"
BALANCER, CERTIFICATE = "4de7ac8b-495b-4884-9a69-1050c6793cd6", "892071a0-bb95-49bc-8021-3afd67a210bf"


def day(days: float) -> str:
    return (NOW - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def example(team: Team, name: str, key: str) -> dict[str, Any]:
    """The first thing of one of DigitalOcean's examples."""
    found: dict[str, Any] = team.cloud.described.example(name)[key][0]
    return found


def droplet(**own: Any) -> Callable[[Team], str]:
    """Backed up, public and in a network unless said otherwise."""

    def make(team: Team) -> str:
        number = team.cloud.number()
        made = {**example(team, "droplets_all", "droplets"), "id": number, "tags": ["web"], **own}
        return str(team.cloud.add("droplets", made)["id"])

    return make


def image(team: Team, *, public: bool) -> dict[str, Any]:
    """What a droplet is made of: an image of everybody's, or one of one's own."""
    return {**example(team, "droplets_all", "droplets")["image"], "public": public}


def database(
    *,
    backups: Any = (),
    sinks: Any = (),
    pools: Any = (),
    replicas: Any = (),
    trusts: tuple[str, ...] = (),
    **own: Any,
) -> Callable[[Team], str]:
    """A cluster of PostgreSQL with one node. Its tags are null, as they are where none were given."""

    def make(team: Team) -> str:
        native_id, cloud = team.cloud.uuid(), team.cloud
        plain = {"name": "shop", "engine": "pg", "version": "16", "num_nodes": 1, "size": "db-s-2vcpu-4gb"}
        about = {"region": "fra1", "status": "online", "created_at": day(90), "tags": None}
        cloud.add("databases", {"id": native_id, **plain, **about, **own})
        cloud.rules[native_id] = [
            {"uuid": cloud.uuid(), "cluster_uuid": native_id, "type": "ip_addr", "value": one, "created_at": day(60)}
            for one in trusts
        ]
        of = {"backups": backups, "logsink": sinks, "pools": pools, "replicas": replicas}
        for kind, found in of.items():
            cloud.of_databases[kind][native_id] = list(found)
        return native_id

    return make


def volume(*tags: str) -> Callable[[Team], str]:
    def make(team: Team) -> str:
        made = {**example(team, "volumes_all", "volumes"), "id": team.cloud.uuid(), "tags": list(tags)}
        return str(team.cloud.add("volumes", made)["id"])

    return make


def kubernetes(**own: Any) -> Callable[[Team], str]:
    """A cluster that is highly available unless said otherwise."""

    def make(team: Team) -> str:
        made = {**example(team, "kubernetes_clusters_all", "kubernetes_clusters"), "tags": [], "ha": True, **own}
        team.cloud.lists["kubernetes_clusters"].append(made)
        return str(made["id"])

    return make


def balancer(*entries: str, without: tuple[str, ...] = (), **own: Any) -> Callable[[Team], str]:
    """A load balancer with these entries. `without` are fields that one of old lacks."""

    def make(team: Team) -> str:
        ports = {"entry_port": 443, "target_protocol": "http", "target_port": 80, "certificate_id": CERTIFICATE}
        rules = [{"entry_protocol": one, **ports} for one in entries]
        made = {**example(team, "load_balancers_all", "load_balancers"), "forwarding_rules": rules, **own}
        team.cloud.add("load_balancers", {key: value for key, value in made.items() if key not in without})
        return BALANCER

    return make


def listed(key: str, thing: dict[str, Any], name: str = "id") -> Callable[[Team], str]:
    """One thing in a list of the team, and what it is called."""

    def make(team: Team) -> str:
        team.cloud.lists[key].append(thing)
        return str(thing[name])

    return make


def each(*changes: Callable[[Team], Any]) -> Callable[[Team], str]:
    """One after another; it is about what the last one is about."""

    def make(team: Team) -> str:
        return [str(change(team)) for change in changes][-1]

    return make


def about(name: str, *changes: Callable[[Team], Any]) -> Callable[[Team], str]:
    """Changes that make the control say something of what has this name."""

    def make(team: Team) -> str:
        for change in changes:
            change(team)
        return name

    return make
