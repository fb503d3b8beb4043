"""Google's recommendations: which recommenders there are, and where each of them is asked.

The calls go through Google's own library; `connectors.clouds.gcp.recommendation` makes them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from enum import Flag, auto
from types import MappingProxyType

from connectors.clouds.gcp import calling, parsing, zone
from connectors.reading.listing import Arguments, Item, Listing, Operation, Place, at
from domain.facts.resource import ResourceKind

HOST = "recommender.googleapis.com"
GLOBAL = "global"
ACTIVE = "stateInfo.state=ACTIVE"


class Where(Flag):
    """At which locations a recommender speaks. REGION: multi-regions too."""

    ZONE = auto()
    REGION = auto()
    GLOBAL = auto()


# Recommender -> where, and the permission that opens it. Source: Recommender documentation, "Recommenders" and "Roles
# and permissions". Where a page gives more than one kind of location, all are asked. Without a permission: the pages do
# not name it, Google does when it refuses.
RECOMMENDERS = MappingProxyType(
    {
        "google.compute.instance.IdleResourceRecommender": (Where.ZONE, "computeInstanceIdleResourceRecommendations"),
        "google.compute.instance.MachineTypeRecommender": (Where.ZONE, "computeInstanceMachineTypeRecommendations"),
        "google.compute.instanceGroupManager.MachineTypeRecommender": (
            Where.ZONE,
            "computeInstanceGroupManagerMachineTypeRecommendations",
        ),
        "google.compute.disk.IdleResourceRecommender": (
            Where.ZONE | Where.REGION,
            "computeDiskIdleResourceRecommendations",
        ),
        "google.compute.address.IdleResourceRecommender": (
            Where.REGION | Where.GLOBAL,
            "computeAddressIdleResourceRecommendations",
        ),
        "google.compute.image.IdleResourceRecommender": (Where.GLOBAL, "computeImageIdleResourceRecommendations"),
        "google.compute.IdleResourceRecommender": (Where.ZONE | Where.REGION, "computeIdleResourceRecommendations"),
        "google.compute.RightSizeResourceRecommender": (Where.ZONE | Where.REGION, None),
        "google.compute.commitment.UsageCommitmentRecommender": (Where.REGION, "usageCommitmentRecommendations"),
        "google.cloudsql.instance.IdleRecommender": (Where.REGION, "cloudsqlIdleInstanceRecommendations"),
        "google.cloudsql.instance.OverprovisionedRecommender": (
            Where.REGION,
            "cloudsqlOverprovisionedInstanceRecommendations",
        ),
        "google.cloudsql.instance.UnderprovisionedRecommender": (
            Where.REGION,
            "cloudsqlUnderProvisionedInstanceRecommendations",
        ),
        "google.cloudsql.instance.PerformanceRecommender": (
            Where.REGION,
            "cloudsqlInstancePerformanceRecommendations",
        ),
        "google.cloudsql.instance.OutOfDiskRecommender": (
            Where.REGION,
            "cloudsqlInstanceOutOfDiskRecommendations",
        ),
        "google.bigquery.capacityCommitments.Recommender": (
            Where.REGION,
            "bigqueryCapacityCommitmentsRecommendations",
        ),
        "google.bigquery.table.PartitionClusterRecommender": (
            Where.REGION,
            "bigqueryPartitionClusterRecommendations",
        ),
        "google.run.service.CostRecommender": (Where.REGION, "runServiceCostRecommendations"),
        "google.run.service.IdentityRecommender": (Where.REGION, "runServiceIdentityRecommendations"),
        "google.run.service.SecurityRecommender": (Where.REGION, "runServiceSecurityRecommendations"),
        "google.container.DiagnosisRecommender": (Where.ZONE | Where.REGION, "containerDiagnosisRecommendations"),
        "google.storage.bucket.SoftDeleteRecommender": (
            Where.REGION | Where.GLOBAL,
            "storageBucketSoftDeleteRecommendations",
        ),
        "google.resourcemanager.projectUtilization.Recommender": (
            Where.GLOBAL,
            "resourcemanagerProjectUtilizationRecommendations",
        ),
        "google.resourcemanager.serviceLimit.Recommender": (
            Where.REGION | Where.GLOBAL,
            "resourcemanagerServiceLimitRecommendations",
        ),
        "google.iam.policy.Recommender": (Where.GLOBAL, "iamPolicyRecommendations"),
        "google.iam.policy.LintRecommender": (Where.GLOBAL, None),
        "google.cloudfunctions.PerformanceRecommender": (Where.REGION, "cloudFunctionsPerformanceRecommendations"),
    }
)
# Those that do not speak of projects: of a billing account, of an organization.
SPEND_RECOMMENDER = "google.cloudbilling.commitment.SpendBasedCommitmentRecommender"
SECURITY_KEY_RECOMMENDER = "google.accounts.security.SecurityKeyRecommender"


def _operation(scope: str, *permissions: str) -> Operation:
    name = f"recommender.{scope}.locations.recommenders.recommendations.list"
    listed = calling.call(name, HOST, "GET /v1/{+parent}/recommendations", *permissions)
    return replace(listed, options={**listed.options, "is_recommender": True})


def where(location: str) -> Where:
    """The kind of a location, by its name."""
    if location == GLOBAL:
        return Where.GLOBAL
    return Where.ZONE if zone.is_zone(location) else Where.REGION


def pairs(place: Place, locations: Sequence[str]) -> Iterable[Arguments]:
    """Each recommender at each location in use where it speaks."""
    return [
        {"parent": f"projects/{place.account_id}/locations/{location}/recommenders/{recommender}", "filter": ACTIVE}
        for location in locations
        for recommender, (speaks, _) in RECOMMENDERS.items()
        if where(location) & speaks
    ]


def _spend(place: Place, locations: Sequence[str]) -> Iterable[Arguments]:
    """For a billing account, in all its regions in use."""
    account = place.parent["billingAccountName"]
    areas = [location for location in locations if where(location) is not Where.ZONE]
    return [
        {"parent": f"{account}/locations/{area}/recommenders/{SPEND_RECOMMENDER}", "filter": ACTIVE} for area in areas
    ]


def _security_key(place: Place) -> Arguments:
    """For an organization."""
    organization = place.parent["name"]
    return {
        "parent": f"{organization}/locations/{GLOBAL}/recommenders/{SECURITY_KEY_RECOMMENDER}",
        "filter": ACTIVE,
    }


def _full_name(item: Item, _: Place) -> str:
    return f"//{HOST}/{item['name']}"


LISTINGS = (
    Listing(
        operation=_operation(
            "projects", *(f"recommender.{noun}.list" for _, noun in RECOMMENDERS.values() if noun is not None)
        ),
        items=at("recommendations"),
        kind=ResourceKind.GCP_RECOMMENDATION,
        parse=parsing.resources(ResourceKind.GCP_RECOMMENDATION, _full_name, shown="description"),
        spread=pairs,
    ),
)
# A kind of its own: who may not read the billing account still reads all of the project's recommendations.
SPEND = Listing(
    operation=_operation("billingAccounts", "recommender.spendBasedCommitmentRecommendations.list"),
    items=at("recommendations"),
    kind=ResourceKind.GCP_BILLING_RECOMMENDATION,
    parse=parsing.resources(ResourceKind.GCP_BILLING_RECOMMENDATION, _full_name, shown="description"),
    spread=_spend,
)
SECURITY_KEYS = Listing(
    operation=_operation("organizations", "the role roles/recommender.viewer of the organization"),
    items=at("recommendations"),
    arguments=_security_key,
)
