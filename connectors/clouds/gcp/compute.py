"""Compute Engine: machines, disks, images, networks and load balancers.

Aggregated lists, so that one call reads all zones and regions; a zone that cannot be reached is named in the answer.
"""

from connectors.clouds.gcp import calling, parsing
from connectors.reading.listing import Arguments, Listing, Operation, Place, at
from domain.facts.resource import ResourceKind

HOST = "compute.googleapis.com"
PROJECT = "/compute/v1/projects/{project}"
PAGE = {"maxResults": 500}


def _aggregated(noun: str, *also: str) -> Operation:
    path = f"GET {PROJECT}/aggregated/{noun}"
    return calling.call(f"compute.v1:{noun}.aggregatedList", HOST, path, f"compute.{noun}.list", also=also)


def _list(noun: str, path: str, *also: str) -> Operation:
    return calling.call(f"compute.v1:{noun}.list", HOST, f"GET {PROJECT}/{path}", f"compute.{noun}.list", also=also)


def _partial(_: Place) -> Arguments:
    # Without it one zone that is down takes the answer for all others with it.
    return {**PAGE, "returnPartialSuccess": "true"}


def _whole(_: Place) -> Arguments:
    return PAGE


def _everywhere(kind: ResourceKind, noun: str, *also: str) -> Listing:
    return Listing(
        operation=_aggregated(noun, *also),
        items=parsing.scoped(noun),
        kind=kind,
        parse=parsing.compute(kind, noun),
        arguments=_partial,
    )


def _evidence(noun: str, *also: str) -> Listing:
    """What controls judge of other things, and is none to look after itself."""
    return Listing(operation=_aggregated(noun, *also), items=parsing.scoped(noun), arguments=_partial)


def _global(kind: ResourceKind, noun: str, *also: str) -> Listing:
    operation = _list(noun, f"global/{noun}", *also)
    return Listing(
        operation=operation, items=at("items"), kind=kind, parse=parsing.compute(kind, noun), arguments=_whole
    )


REGIONS = _list("regions", "regions")
INSTANCES = _aggregated("instances", "compute.instances.list")
DISKS = _aggregated("disks")
ADDRESSES = _aggregated("addresses")
PROJECT_GET = calling.call("compute.projects.get", HOST, f"GET {PROJECT}", "compute.projects.get")

LISTINGS = (
    # Quotas and their use.
    Listing(operation=REGIONS, items=at("items"), arguments=_whole),
    Listing(
        operation=INSTANCES,
        items=parsing.scoped("instances"),
        kind=ResourceKind.GCP_INSTANCE,
        parse=parsing.compute(ResourceKind.GCP_INSTANCE, "instances"),
        arguments=_partial,
    ),
    _everywhere(ResourceKind.GCP_DISK, "disks"),
    _everywhere(ResourceKind.GCP_ADDRESS, "addresses"),
    _everywhere(ResourceKind.GCP_SUBNETWORK, "subnetworks", "compute.v1:subnetworks.list"),
    _everywhere(
        ResourceKind.GCP_INSTANCE_GROUP_MANAGER, "instanceGroupManagers", "compute.v1:regionInstanceGroupManagers.list"
    ),
    _everywhere(ResourceKind.GCP_BACKEND_SERVICE, "backendServices", "compute.v1:backendServices.list"),
    _everywhere(ResourceKind.GCP_SECURITY_POLICY, "securityPolicies", "compute.v1:securityPolicies.list"),
    _everywhere(ResourceKind.GCP_SSL_POLICY, "sslPolicies", "compute.v1:sslPolicies.list"),
    _everywhere(ResourceKind.GCP_SSL_CERTIFICATE, "sslCertificates", "compute.v1:sslCertificates.list"),
    _everywhere(ResourceKind.GCP_HTTP_PROXY, "targetHttpProxies", "compute.v1:targetHttpProxies.list"),
    _evidence("targetHttpsProxies", "compute.v1:targetHttpsProxies.list"),
    _evidence("urlMaps", "compute.v1:urlMaps.list"),
    _evidence("autoscalers", "compute.v1:autoscalers.list"),
    _evidence("forwardingRules", "compute.v1:forwardingRules.list"),
    _everywhere(ResourceKind.GCP_RESOURCE_POLICY, "resourcePolicies", "compute.resourcePolicies.list"),
    Listing(
        operation=calling.call(
            "compute.v1:regionCommitments.aggregatedList",
            HOST,
            f"GET {PROJECT}/aggregated/commitments",
            "compute.commitments.list",
        ),
        items=parsing.scoped("commitments"),
        kind=ResourceKind.GCP_COMMITMENT,
        parse=parsing.compute(ResourceKind.GCP_COMMITMENT, "commitments"),
        arguments=_partial,
    ),
    _global(ResourceKind.GCP_FIREWALL, "firewalls", "compute.firewalls.list"),
    _global(ResourceKind.GCP_NETWORK, "networks"),
    _global(ResourceKind.GCP_SNAPSHOT, "snapshots", "compute.snapshots.list"),
    _global(ResourceKind.GCP_IMAGE, "images"),
)
