"""What applications run on: App Service, API Management and Service Bus. Their settings are never asked for."""

import re

from connectors.clouds.azure.monitor import VALUE
from connectors.clouds.azure.operation import listed, under, without
from connectors.clouds.azure.resource import below, by_id, parsed
from connectors.reading.listing import Answer, Detail, Item, Listing, joined
from domain.facts.resource import ResourceKind

WEB_VERSION, API_VERSION, BUS_VERSION = "2025-05-01", "2024-05-01", "2024-01-01"
SECRETS = without("appSettings", "connectionStrings", "azureStorageAccounts", "metadata", "publishingUsername")
ELEMENT = re.compile(r"<([a-z][a-z0-9-]*)")


def policy_names(answer: Answer) -> Answer:
    """Policies of API Management by name alone: their text may hold keys."""
    return {**answer, "value": [_named(one) for one in VALUE(answer)]}


def _named(policy: Item) -> Item:
    text = (policy.get("properties") or {}).get("value") or ""
    return {"id": policy.get("id"), "name": policy.get("name"), "policies": sorted(set(ELEMENT.findall(text)))}


LISTINGS = (
    Listing(
        operation=listed("Microsoft.Web/serverfarms", WEB_VERSION),
        items=VALUE,
        kind=ResourceKind.AZURE_APP_SERVICE_PLAN,
        parse=parsed(ResourceKind.AZURE_APP_SERVICE_PLAN),
    ),
    Listing(
        operation=listed("Microsoft.Web/sites", WEB_VERSION, hidden=SECRETS),
        items=VALUE,
        kind=ResourceKind.AZURE_WEB_APP,
        parse=parsed(ResourceKind.AZURE_WEB_APP),
        details=(
            Detail(
                key="webConfig",
                operation=under(
                    "Microsoft.Web/sites/{name}/config/web",
                    "/config/web",
                    WEB_VERSION,
                    action="Microsoft.Web/sites/config/read",
                    hidden=SECRETS,
                ),
                arguments=by_id,
            ),
        ),
    ),
    Listing(
        operation=listed("Microsoft.ApiManagement/service", API_VERSION, hidden=without("encodedCertificate")),
        items=VALUE,
        children=(
            Listing(
                operation=under("Microsoft.ApiManagement/service/apis", "/apis", API_VERSION),
                items=VALUE,
                kind=ResourceKind.AZURE_API,
                parse=parsed(ResourceKind.AZURE_API),
                arguments=below,
                details=(
                    Detail(
                        key="policies",
                        operation=under(
                            "Microsoft.ApiManagement/service/apis/policies",
                            "/policies",
                            API_VERSION,
                            hidden=policy_names,
                        ),
                        arguments=by_id,
                        pick=joined("value"),
                    ),
                ),
            ),
        ),
    ),
    Listing(
        operation=listed("Microsoft.ServiceBus/namespaces", BUS_VERSION),
        items=VALUE,
        children=(
            Listing(
                operation=under("Microsoft.ServiceBus/namespaces/queues", "/queues", BUS_VERSION),
                items=VALUE,
                kind=ResourceKind.AZURE_SERVICE_BUS_QUEUE,
                parse=parsed(ResourceKind.AZURE_SERVICE_BUS_QUEUE),
                arguments=below,
            ),
        ),
    ),
)
