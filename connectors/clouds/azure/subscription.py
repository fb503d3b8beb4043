"""The subscription itself, its siblings, and what Resource Graph tells of all its resources at once."""

from collections.abc import Sequence
from dataclasses import replace

from connectors.clouds.azure import call, monitor
from connectors.reading.listing import Answer, Arguments, Item, Listing, Place, at
from connectors.rest.paging import Reply, Request
from domain.errors import CutShort
from domain.facts.resource import Resource, ResourceKind

READ = "Microsoft.Resources/subscriptions/read"
SUBSCRIPTION = call.arm(
    "GET /subscriptions/{subscriptionId}", "/subscriptions/{subscription}", "2022-12-01", action=READ
)
SUBSCRIPTIONS = call.arm("GET /subscriptions", "/subscriptions", "2022-12-01", action=READ)
LOCATIONS = call.arm(
    "GET /subscriptions/{subscriptionId}/locations",
    "/subscriptions/{subscription}/locations",
    "2022-12-01",
    action="Microsoft.Resources/subscriptions/locations/read",
)
# Resource Graph pages only what has an id and an order. Values of changes are left out: they may hold secrets.
# Source: "Working with large Azure resource data sets".
QUERIES = (
    "resources | project id, name, type, location, resourceGroup, tags | order by id asc",
    "resourcechanges | where todatetime(properties.changeAttributes.timestamp) > ago(7d)"
    " | project id, properties = bag_pack('changeType', properties.changeType, 'targetResourceId',"
    " properties.targetResourceId, 'changeAttributes', properties.changeAttributes) | order by id asc",
    "patchassessmentresources | where type =~ 'microsoft.compute/virtualmachines/patchassessmentresults'"
    " | project id, properties | order by id asc",
    "securityresources | where type =~ 'microsoft.security/assessments' | project id, properties ="
    " bag_pack('status', properties.status, 'severity', properties.metadata.severity,"
    " 'resourceDetails', properties.resourceDetails) | order by id asc",
)
ROWS = 1000


def _next_rows(request: Request, reply: Reply) -> Request | None:
    """Raises CutShort when rows are left out without a way to them."""
    token = reply.body.get("$skipToken")
    if token:
        options = {**request.body["options"], "$skipToken": token}
        return replace(request, body={**request.body, "options": options})
    if str(reply.body.get("resultTruncated")).lower() == "true":
        raise CutShort("Resource Graph leaves rows out.", service="Microsoft.ResourceGraph")
    return None


RESOURCE_GRAPH = call.arm(
    "POST Microsoft.ResourceGraph/resources",
    "/providers/Microsoft.ResourceGraph/resources",
    "2024-04-01",
    # Rows are those that the caller may read; there is no permission of its own.
    action="*/read",
    next_page=_next_rows,
)


def _questions(place: Place) -> Sequence[Arguments]:
    options = {"resultFormat": "objectArray", "$top": ROWS}
    return [{"subscriptions": [place.account_id], "query": query, "options": options} for query in QUERIES]


def _itself(answer: Answer) -> list[Item]:
    return [answer]


def _parse(item: Item, details: Answer, _: Place) -> Resource:
    return Resource(
        kind=ResourceKind.AZURE_SUBSCRIPTION,
        native_id=item["id"],
        name=item["displayName"],
        tags={key: str(value) for key, value in (item.get("tags") or {}).items()},
        config={**item, **details},
    )


def open_regions(locations: Sequence[Item]) -> tuple[str, ...]:
    """The names of those that machines stand in: the others are names for several of them."""
    return tuple(one["name"] for one in locations if (one.get("metadata") or {}).get("regionType") == "Physical")


LISTINGS = (
    Listing(
        operation=SUBSCRIPTION,
        items=_itself,
        kind=ResourceKind.AZURE_SUBSCRIPTION,
        parse=_parse,
        details=(monitor.LOGGING,),
    ),
    Listing(operation=SUBSCRIPTIONS, items=at("value")),
    Listing(operation=LOCATIONS, items=at("value")),
    Listing(operation=RESOURCE_GRAPH, items=at("data"), arguments=_questions),
)
