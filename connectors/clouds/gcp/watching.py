"""What watches: logs, alerts, findings, posture, patches, data profiles, the asset inventory."""

from collections.abc import Iterable, Sequence

from connectors.clouds.gcp import calling, parsing, zone
from connectors.reading.listing import Arguments, Item, Listing, Place, at
from domain.facts.resource import ResourceKind

LOGGING = "logging.googleapis.com"
MONITORING = "monitoring.googleapis.com"
FINDINGS = "securitycenter.googleapis.com"
POSTURE = "securitycentermanagement.googleapis.com"
PATCHES = "osconfig.googleapis.com"
PROFILES = "dlp.googleapis.com"
ASSETS = "cloudasset.googleapis.com"
# What "no security center here" is answered with.
NOT_ACTIVE = ("404",)
SECURITY_CENTER = "Security Command Center"
# Multi-regions that Sensitive Data Protection calls otherwise than Cloud Storage does.
RENAMED = {"eu": "europe"}


def zones(_: Place, regions: Sequence[str]) -> Iterable[Arguments]:
    """Once in each zone in use."""
    return [{"location": one} for one in regions if zone.is_zone(one)]


def areas(_: Place, regions: Sequence[str]) -> Iterable[Arguments]:
    """Once in each region in use, multi-regions and "global" among them."""
    return [{"location": RENAMED.get(one, one)} for one in regions if not zone.is_zone(one)]


def _sink(item: Item, place: Place) -> str:
    return f"//logging.googleapis.com/projects/{place.account_id}/sinks/{item['name']}"


def _metric(item: Item, place: Place) -> str:
    return f"//logging.googleapis.com/projects/{place.account_id}/metrics/{item['name']}"


def _finding(item: Item, _: Place) -> str:
    return f"//securitycenter.googleapis.com/{item['name']}"


LISTINGS = (
    Listing(
        operation=calling.call(
            "logging.v2:projects.sinks.list", LOGGING, "GET /v2/projects/{project}/sinks", "logging.sinks.list"
        ),
        items=at("sinks"),
        kind=ResourceKind.GCP_LOG_SINK,
        parse=parsing.resources(ResourceKind.GCP_LOG_SINK, _sink),
    ),
    Listing(
        operation=calling.call(
            "logging.v2:projects.metrics.list", LOGGING, "GET /v2/projects/{project}/metrics", "logging.logMetrics.list"
        ),
        items=at("metrics"),
        kind=ResourceKind.GCP_LOG_METRIC,
        parse=parsing.resources(ResourceKind.GCP_LOG_METRIC, _metric),
    ),
    Listing(
        operation=calling.call(
            "logging.v2:projects.locations.buckets.list",
            LOGGING,
            "GET /v2/projects/{project}/locations/-/buckets",
            "logging.buckets.list",
        ),
        items=at("buckets"),
        kind=ResourceKind.GCP_LOG_BUCKET,
        parse=parsing.named(ResourceKind.GCP_LOG_BUCKET, LOGGING),
    ),
    Listing(
        operation=calling.call(
            "monitoring.v3:projects.alertPolicies.list",
            MONITORING,
            "GET /v3/projects/{project}/alertPolicies",
            "monitoring.alertPolicies.list",
        ),
        items=at("alertPolicies"),
        kind=ResourceKind.GCP_ALERT_POLICY,
        parse=parsing.named(
            ResourceKind.GCP_ALERT_POLICY, MONITORING, created="creationRecord.mutateTime", labels="userLabels"
        ),
    ),
    Listing(
        operation=calling.call(
            "monitoring.v3:projects.uptimeCheckConfigs.list",
            MONITORING,
            "GET /v3/projects/{project}/uptimeCheckConfigs",
            "monitoring.uptimeCheckConfigs.list",
        ),
        items=at("uptimeCheckConfigs"),
        kind=ResourceKind.GCP_UPTIME_CHECK,
        parse=parsing.named(ResourceKind.GCP_UPTIME_CHECK, MONITORING, labels="userLabels"),
    ),
    Listing(
        operation=calling.call(
            "securitycenter.v1:projects.sources.findings.list",
            FINDINGS,
            "GET /v1/projects/{project}/sources/-/findings",
            "securitycenter.findings.list",
            off=NOT_ACTIVE,
            plan=SECURITY_CENTER,
        ),
        items=lambda answer: [one["finding"] for one in answer.get("listFindingsResults") or []],
        kind=ResourceKind.GCP_SECURITY_FINDING,
        parse=parsing.resources(ResourceKind.GCP_SECURITY_FINDING, _finding, shown="category"),
        arguments=lambda _: {"filter": 'state="ACTIVE"', "pageSize": 1000},
    ),
    Listing(
        operation=calling.call(
            "securitycentermanagement.v1:projects.locations.securityCenterServices.list",
            POSTURE,
            "GET /v1/projects/{project}/locations/global/securityCenterServices",
            "securitycentermanagement.securityCenterServices.list",
            off=NOT_ACTIVE,
            plan=SECURITY_CENTER,
        ),
        items=at("securityCenterServices"),
    ),
    Listing(
        operation=calling.call(
            "osconfig.v1:projects.patchDeployments.list",
            PATCHES,
            "GET /v1/projects/{project}/patchDeployments",
            "osconfig.patchDeployments.list",
        ),
        items=at("patchDeployments"),
    ),
    Listing(
        operation=calling.call(
            "osconfig.v1:projects.locations.instances.vulnerabilityReports.list",
            PATCHES,
            "GET /v1/projects/{project}/locations/{location}/instances/-/vulnerabilityReports",
            "osconfig.vulnerabilityReports.list",
        ),
        items=at("vulnerabilityReports"),
        spread=zones,
    ),
    Listing(
        operation=calling.call(
            "dlp.v2:projects.locations.discoveryConfigs.list",
            PROFILES,
            "GET /v2/projects/{project}/locations/{location}/discoveryConfigs",
            "dlp.jobTriggers.list",
        ),
        items=at("discoveryConfigs"),
        spread=areas,
    ),
    Listing(
        operation=calling.call(
            "dlp.v2:organizations.locations.fileStoreDataProfiles.list",
            PROFILES,
            "GET /v2/organizations/{organization}/locations/{location}/fileStoreDataProfiles",
            "dlp.fileStoreProfiles.list",
        ),
        items=at("fileStoreDataProfiles"),
        spread=areas,
    ),
    Listing(
        operation=calling.call(
            "cloudasset.v1:feeds.list", ASSETS, "GET /v1/projects/{project}/feeds", "cloudasset.feeds.list"
        ),
        items=at("feeds"),
    ),
    # Everything there is, of all services, with its labels.
    Listing(
        operation=calling.call(
            "cloudasset.v1:v1.searchAllResources",
            ASSETS,
            "GET /v1/projects/{project}:searchAllResources",
            "cloudasset.assets.searchAllResources",
        ),
        items=at("results"),
        arguments=lambda _: {"pageSize": 500, "readMask": "name,assetType,project,location,labels,createTime,state"},
    ),
)
