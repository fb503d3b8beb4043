"""What applications run on: App Service, API Management and Service Bus. Their settings are never asked for."""

import re

from connectors.clouds.azure import call, monitor, shape
from connectors.reading.listing import Answer, Detail, Item, Listing, joined
from domain.facts.resource import ResourceKind

WEB_VERSION, API_VERSION, BUS_VERSION = "2025-05-01", "2024-05-01", "2024-01-01"
# machineKey: with it cookies and tokens of the site can be forged.
SECRETS = call.without(
    "appSettings", "connectionStrings", "azureStorageAccounts", "machineKey", "metadata", "publishingUsername"
)
ELEMENT = re.compile(r"<([a-z][a-z0-9-]*)")


def policy_names(answer: Answer) -> Answer:
    """Policies of API Management by name alone: their text may hold keys."""
    return {**answer, "value": [_named(one) for one in monitor.VALUE(answer)]}


def _named(policy: Item) -> Item:
    text = (policy.get("properties") or {}).get("value") or ""
    return {"id": policy.get("id"), "name": policy.get("name"), "policies": sorted(set(ELEMENT.findall(text)))}


LISTINGS = (
    Listing(
        operation=call.listed("Microsoft.Web/serverfarms", WEB_VERSION),
        items=monitor.VALUE,
        kind=ResourceKind.AZURE_APP_SERVICE_PLAN,
        parse=shape.parsed(ResourceKind.AZURE_APP_SERVICE_PLAN),
    ),
    Listing(
        operation=call.listed("Microsoft.Web/sites", WEB_VERSION, hidden=SECRETS),
        items=monitor.VALUE,
        kind=ResourceKind.AZURE_WEB_APP,
        parse=shape.parsed(ResourceKind.AZURE_WEB_APP),
        details=(
            Detail(
                key="webConfig",
                operation=call.under(
                    "Microsoft.Web/sites/{name}/config/web",
                    "/config/web",
                    WEB_VERSION,
                    action="Microsoft.Web/sites/config/read",
                    hidden=SECRETS,
                ),
                arguments=shape.by_id,
            ),
        ),
    ),
    Listing(
        operation=call.listed(
            "Microsoft.ApiManagement/service", API_VERSION, hidden=call.without("encodedCertificate")
        ),
        items=monitor.VALUE,
        children=(
            Listing(
                operation=call.under("Microsoft.ApiManagement/service/apis", "/apis", API_VERSION),
                items=monitor.VALUE,
                kind=ResourceKind.AZURE_API,
                parse=shape.parsed(ResourceKind.AZURE_API),
                arguments=shape.below,
                details=(
                    Detail(
                        key="policies",
                        operation=call.under(
                            "Microsoft.ApiManagement/service/apis/policies",
                            "/policies",
                            API_VERSION,
                            hidden=policy_names,
                        ),
                        arguments=shape.by_id,
                        pick=joined("value"),
                    ),
                ),
            ),
        ),
    ),
    Listing(
        operation=call.listed("Microsoft.ServiceBus/namespaces", BUS_VERSION),
        items=monitor.VALUE,
        children=(
            Listing(
                operation=call.under("Microsoft.ServiceBus/namespaces/queues", "/queues", BUS_VERSION),
                items=monitor.VALUE,
                kind=ResourceKind.AZURE_SERVICE_BUS_QUEUE,
                parse=shape.parsed(ResourceKind.AZURE_SERVICE_BUS_QUEUE),
                arguments=shape.below,
            ),
        ),
    ),
)
