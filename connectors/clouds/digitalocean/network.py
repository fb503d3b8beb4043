"""Load balancers, firewalls, networks and certificates."""

from connectors.clouds.digitalocean import calls, measure, parse
from connectors.reading.listing import Arguments, Detail, Item, Listing, Place
from domain.facts.resource import ResourceKind


def requests_of(item: Item, place: Place) -> Arguments:
    """The arguments of a load balancer's measures."""
    return {"lb_id": item["id"], **calls.window(place.now)}


LISTINGS = (
    Listing(
        operation=calls.get("/v2/load_balancers", "load_balancer:read"),
        arguments=calls.full_pages,
        items=calls.listed("load_balancers"),
        kind=ResourceKind.DIGITALOCEAN_LOAD_BALANCER,
        parse=parse.parse_as(ResourceKind.DIGITALOCEAN_LOAD_BALANCER),
        volatile=frozenset({"requests_per_second"}),
        details=(
            Detail(
                key="requests_per_second",
                operation=calls.get(
                    "/v2/monitoring/metrics/load_balancer/frontend_http_requests_per_second", "monitoring:read"
                ),
                arguments=requests_of,
                pick=measure.gauge,
            ),
        ),
    ),
    Listing(
        operation=calls.get("/v2/firewalls", "firewall:read"),
        arguments=calls.full_pages,
        items=calls.listed("firewalls"),
        kind=ResourceKind.DIGITALOCEAN_FIREWALL,
        parse=parse.parse_as(ResourceKind.DIGITALOCEAN_FIREWALL),
    ),
    Listing(
        operation=calls.get("/v2/vpcs", "vpc:read"),
        arguments=calls.full_pages,
        items=calls.listed("vpcs"),
        kind=ResourceKind.DIGITALOCEAN_VPC,
        parse=parse.parse_as(ResourceKind.DIGITALOCEAN_VPC),
    ),
    Listing(
        operation=calls.get("/v2/certificates", "certificate:read"),
        arguments=calls.full_pages,
        items=calls.listed("certificates"),
        kind=ResourceKind.DIGITALOCEAN_CERTIFICATE,
        parse=parse.parse_as(ResourceKind.DIGITALOCEAN_CERTIFICATE),
    ),
)
