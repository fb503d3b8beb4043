"""What runs besides machines: clusters, Cloud Run, images of containers, interfaces, queues."""

from connectors.clouds.gcp import calling, data, parsing
from connectors.reading.listing import Arguments, Detail, Item, Listing, Place, at, first
from domain.facts.resource import ResourceKind

CONTAINER = "container.googleapis.com"
RUN = "run.googleapis.com"
ARTIFACTS = "artifactregistry.googleapis.com"
GATEWAY = "apigateway.googleapis.com"
PUBSUB = "pubsub.googleapis.com"
FUNCTION = "cloudfunctions.googleapis.com"

# "-" is every location.
CLUSTERS = calling.call(
    "container.v1:projects.locations.clusters.list",
    CONTAINER,
    "GET /v1/projects/{project}/locations/-/clusters",
    "container.clusters.list",
)
FUNCTIONS = calling.call(
    "cloudfunctions.v2:projects.locations.functions.list",
    FUNCTION,
    "GET /v2/projects/{project}/locations/-/functions",
    "cloudfunctions.functions.list",
)
# The newer version of the interface has no list over all locations.
SERVICES = calling.call(
    "run.v1:projects.locations.services.list",
    RUN,
    "GET /v1/projects/{project}/locations/-/services",
    "run.services.list",
)


def _cluster(item: Item, place: Place) -> str:
    return (
        f"//container.googleapis.com/projects/{place.account_id}/locations/{item['location']}/clusters/{item['name']}"
    )


def _service(item: Item, place: Place) -> str:
    name = item["metadata"]["name"]
    return f"//run.googleapis.com/projects/{place.account_id}/locations/{service_location(item)}/services/{name}"


def service_location(item: Item) -> str:
    """Of a Cloud Run service."""
    return str(item["metadata"]["labels"]["cloud.googleapis.com/location"])


def _config(item: Item, _: Place) -> Arguments:
    """With its documents, which no list has; of those only where they come from."""
    *_, api, _, config = item["name"].split("/")
    return {"api": api, "config": config, "view": "FULL", "fields": "name,openapiDocuments/document/path"}


LISTINGS = (
    Listing(
        operation=CLUSTERS,
        items=at("clusters"),
        kind=ResourceKind.GCP_CLUSTER,
        parse=parsing.resources(ResourceKind.GCP_CLUSTER, _cluster, labels="resourceLabels"),
    ),
    Listing(
        operation=SERVICES,
        items=at("items"),
        kind=ResourceKind.GCP_RUN_SERVICE,
        parse=parsing.resources(
            ResourceKind.GCP_RUN_SERVICE, _service, created="metadata.creationTimestamp", labels="metadata.labels"
        ),
    ),
    Listing(
        operation=FUNCTIONS,
        items=at("functions"),
        kind=ResourceKind.GCP_FUNCTION,
        parse=parsing.named(ResourceKind.GCP_FUNCTION, FUNCTION),
    ),
    Listing(
        operation=calling.call(
            "artifactregistry.v1:projects.locations.list",
            ARTIFACTS,
            "GET /v1/projects/{project}/locations",
            "artifactregistry.locations.list",
        ),
        items=at("locations"),
        children=(
            Listing(
                operation=calling.call(
                    "artifactregistry.v1:projects.locations.repositories.list",
                    ARTIFACTS,
                    "GET /v1/{+parent}/repositories",
                    "artifactregistry.repositories.list",
                ),
                items=at("repositories"),
                kind=ResourceKind.GCP_ARTIFACT_REPOSITORY,
                parse=parsing.named(ResourceKind.GCP_ARTIFACT_REPOSITORY, ARTIFACTS),
                arguments=data.under_parent,
            ),
        ),
    ),
    Listing(
        operation=calling.call(
            "apigateway.v1:projects.locations.apis.list",
            GATEWAY,
            "GET /v1/projects/{project}/locations/global/apis",
            "apigateway.apis.list",
        ),
        items=at("apis"),
        children=(
            Listing(
                operation=calling.call(
                    "apigateway.v1:projects.locations.apis.configs.list",
                    GATEWAY,
                    "GET /v1/{+parent}/configs",
                    "apigateway.apiconfigs.list",
                ),
                items=at("apiConfigs"),
                kind=ResourceKind.GCP_API_CONFIG,
                parse=parsing.named(ResourceKind.GCP_API_CONFIG, GATEWAY),
                arguments=data.under_parent,
                details=(
                    Detail(
                        key="documents",
                        operation=calling.call(
                            "apigateway.v1:projects.locations.apis.configs.get",
                            GATEWAY,
                            "GET /v1/projects/{project}/locations/global/apis/{api}/configs/{config}",
                            "apigateway.apiconfigs.get",
                        ),
                        arguments=_config,
                        pick=first("openapiDocuments"),
                    ),
                ),
            ),
        ),
    ),
    Listing(
        operation=calling.call(
            "pubsub.v1:projects.subscriptions.list",
            PUBSUB,
            "GET /v1/projects/{project}/subscriptions",
            "pubsub.subscriptions.list",
        ),
        items=at("subscriptions"),
        kind=ResourceKind.GCP_SUBSCRIPTION,
        parse=parsing.named(ResourceKind.GCP_SUBSCRIPTION, PUBSUB),
    ),
)
