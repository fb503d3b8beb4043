"""Droplets and what runs beside them: volumes, snapshots, images, addresses, Kubernetes, registries and apps.

A droplet costs five more calls (six when it is off), a cluster and a registry one each.
"""

from collections.abc import Callable, Sequence
from typing import Any

from connectors.clouds.digitalocean import calls, measure, parse
from connectors.reading.listing import Answer, Arguments, Detail, Item, Listing, Place
from connectors.rest.values import without
from domain.facts.resource import ResourceKind

OFF = "off"
POWER_OFF = frozenset({"power_off", "shutdown"})
# Of an app: keys of log services, passwords of registries, addresses of repositories with a token in them.
APP_SECRETS = frozenset({"api_key", "token", "password", "registry_credentials", "repo_clone_url", "secret"})


def metric(key: str, path: str, pick: Callable[[Sequence[Answer]], Any] = measure.gauge, **options: str) -> Detail:
    """A measure of a droplet over the last two weeks."""

    def arguments(item: Item, place: Place) -> Arguments:
        return {"host_id": str(item["id"]), **options, **calls.window(place.now)}

    operation = calls.get(f"/v2/monitoring/metrics/droplet/{path}", "monitoring:read")
    return Detail(key=key, operation=operation, arguments=arguments, pick=pick)


def last_power_off(pages: Sequence[Answer]) -> Any:
    """The newest action on the first page that switched the droplet off, None when it is further back."""
    found = [one for page in pages for one in page["actions"] if one["type"] in POWER_OFF]
    return found[0] if found else None


def hide_app(answer: Answer) -> Answer:
    """Apps without the values of variables: those marked as secret are encrypted, but others may be secrets too."""
    return _without_values(without(answer, APP_SECRETS))


def _without_values(answer: Answer) -> Answer:
    if isinstance(answer, dict):
        return {
            key: without(value, ("value",)) if key == "envs" else _without_values(value)
            for key, value in answer.items()
        }
    return [_without_values(one) for one in answer] if isinstance(answer, list) else answer


def registries(answer: Answer) -> list[Item]:
    """The one registry of /v2/registry, or those of /v2/registries, which is asked where there are several."""
    return [answer["registry"]] if answer.get("registry") else calls.listed("registries")(answer)


def is_own(item: Item, _: Place) -> bool:
    """Snapshots are images too; they are read by /v2/snapshots."""
    return bool(item["type"] != "snapshot")


LISTINGS = (
    Listing(
        operation=calls.get("/v2/droplets", "droplet:read"),
        arguments=calls.full_pages,
        items=calls.listed("droplets"),
        kind=ResourceKind.DIGITALOCEAN_DROPLET,
        parse=parse.parse_as(ResourceKind.DIGITALOCEAN_DROPLET),
        volatile=frozenset(
            {"cpu_percent", "memory_available_bytes", "bandwidth_inbound_mbps", "bandwidth_outbound_mbps"}
        ),
        details=(
            Detail(
                key="firewalls",
                operation=calls.get("/v2/droplets/{droplet_id}/firewalls", "firewall:read"),
                arguments=calls.pages_by_id("droplet_id"),
                pick=calls.joined("firewalls"),
            ),
            Detail(
                key="last_power_off",
                # Newest first: the first page is enough.
                operation=calls.get("/v2/droplets/{droplet_id}/actions", "droplet:read", options={"first_page": True}),
                arguments=calls.pages_by_id("droplet_id"),
                pick=last_power_off,
                applies=lambda item: item["status"] == OFF,
            ),
            metric("cpu_percent", "cpu", measure.busy),
            metric("memory_available_bytes", "memory_available"),
            metric("bandwidth_inbound_mbps", "bandwidth", interface="public", direction="inbound"),
            metric("bandwidth_outbound_mbps", "bandwidth", interface="public", direction="outbound"),
        ),
    ),
    Listing(
        operation=calls.get("/v2/volumes", "block_storage:read"),
        arguments=calls.full_pages,
        items=calls.listed("volumes"),
        kind=ResourceKind.DIGITALOCEAN_VOLUME,
        parse=parse.parse_as(ResourceKind.DIGITALOCEAN_VOLUME),
    ),
    Listing(
        operation=calls.get("/v2/snapshots", "snapshot:read"),
        arguments=calls.full_pages,
        items=calls.listed("snapshots"),
        kind=ResourceKind.DIGITALOCEAN_SNAPSHOT,
        parse=parse.parse_as(ResourceKind.DIGITALOCEAN_SNAPSHOT),
    ),
    Listing(
        operation=calls.get("/v2/images", "image:read"),
        arguments=lambda _: {"private": "true", "per_page": calls.PAGE_SIZE},
        items=calls.listed("images"),
        keeps=is_own,
        kind=ResourceKind.DIGITALOCEAN_IMAGE,
        parse=parse.parse_as(ResourceKind.DIGITALOCEAN_IMAGE),
    ),
    Listing(
        operation=calls.get("/v2/reserved_ips", "reserved_ip:read"),
        arguments=calls.full_pages,
        items=calls.listed("reserved_ips"),
        kind=ResourceKind.DIGITALOCEAN_RESERVED_IP,
        parse=parse.parse_as(ResourceKind.DIGITALOCEAN_RESERVED_IP, key="ip"),
    ),
    Listing(
        operation=calls.get("/v2/kubernetes/clusters", "kubernetes:read"),
        arguments=calls.full_pages,
        items=calls.listed("kubernetes_clusters"),
        kind=ResourceKind.DIGITALOCEAN_KUBERNETES,
        parse=parse.parse_as(ResourceKind.DIGITALOCEAN_KUBERNETES),
        details=(
            Detail(
                key="available_upgrade_versions",
                operation=calls.get("/v2/kubernetes/clusters/{cluster_id}/upgrades", "kubernetes:read"),
                arguments=calls.by_id("cluster_id"),
                pick=calls.joined("available_upgrade_versions"),
            ),
        ),
    ),
    Listing(
        # 404: there is no registry. 412: there are several; the source asks for them another way.
        operation=calls.get("/v2/registry", "registry:read", absent=frozenset({"404", "412"})),
        items=registries,
        kind=ResourceKind.DIGITALOCEAN_REGISTRY,
        parse=parse.parse_as(ResourceKind.DIGITALOCEAN_REGISTRY, key="name"),
        volatile=frozenset({"storage_usage_bytes", "storage_usage_bytes_updated_at"}),
        details=(
            Detail(
                key="garbage_collections",
                operation=calls.get("/v2/registry/{registry_name}/garbage-collections", "registry:read"),
                arguments=calls.pages_by_id("registry_name", "name"),
                pick=calls.joined("garbage_collections"),
            ),
        ),
    ),
    Listing(
        operation=calls.get("/v2/apps", "app:read", hide=hide_app),
        arguments=calls.full_pages,
        items=calls.listed("apps"),
        kind=ResourceKind.DIGITALOCEAN_APP,
        parse=parse.parse_as(ResourceKind.DIGITALOCEAN_APP),
    ),
)
