"""How a subscription of Azure is told to send its events to an endpoint, through Event Grid."""

from domain.facts.intake_settings import EventGridSettings
from domain.setup.event_place import SHOWN_ONCE, EventPlace, plain
from domain.setup.guide import Snippet, lines

# The receiver of Event Grid reads the secret there. Source: connectors/intake/ways.
HEADER = "X-CloudWatcher-Secret"
NAME = "cloudwatcher"


def event_grid(place: EventPlace, settings: EventGridSettings) -> tuple[list[str], list[Snippet]]:
    """An event subscription of the whole subscription, proven by a token of Entra ID, or by a secret in a header."""
    scope = f"/subscriptions/{plain(place.account)}"
    proof = (
        "The application must give Event Grid the role AzureEventGridSecureWebhookSubscriber, or no token is sent."
        if settings.has_tokens
        else "Put the secret into the command, or into the variable: it is stored as a secret header."
    )
    return (
        [
            "Run the commands with az, signed in as an owner of the subscription, or apply the Terraform.",
            proof,
            "Event Grid asks the endpoint by itself whether it may send; `confirmedAt` then tells when it first did.",
        ],
        [
            Snippet("Commands", "cloudwatcher-event-grid.sh", "bash", _commands(scope, place.address, settings)),
            Snippet("Terraform", "cloudwatcher_event_grid.tf", "hcl", _terraform(scope, place.address, settings)),
        ],
    )


def _commands(scope: str, address: str, settings: EventGridSettings) -> str:
    if settings.has_tokens:
        proof = [
            f"  --azure-active-directory-tenant-id {plain(str(settings.tenant_id))} \\",
            f"  --azure-active-directory-application-id-or-uri {plain(str(settings.audience))}",
        ]
    else:
        proof = [f'  --delivery-attribute-mapping {HEADER} static "$SECRET" true']
    return lines(
        "set -eu",
        *([] if settings.has_tokens else [SHOWN_ONCE]),
        f"az eventgrid event-subscription create --name {NAME} \\",
        f"  --source-resource-id {scope} \\",
        f"  --endpoint {address} \\",
        "  --event-delivery-schema cloudeventschemav1_0 \\",
        *proof,
    )


def _terraform(scope: str, address: str, settings: EventGridSettings) -> str:
    if settings.has_tokens:
        variable, header = [], []
        token = [
            f'    active_directory_tenant_id     = "{plain(str(settings.tenant_id))}"',
            f'    active_directory_app_id_or_uri = "{plain(str(settings.audience))}"',
        ]
    else:
        variable, token = ['variable "cloudwatcher_secret" {', "  sensitive = true", "}"], []
        header = [
            "  delivery_property {",
            f'    header_name = "{HEADER}"',
            '    type        = "Static"',
            "    value       = var.cloudwatcher_secret",
            "    secret      = true",
            "  }",
        ]
    return lines(
        *variable,
        f'resource "azurerm_eventgrid_event_subscription" "{NAME}" {{',
        f'  name                  = "{NAME}"',
        f'  scope                 = "{scope}"',
        '  event_delivery_schema = "CloudEventSchemaV1_0"',
        "  webhook_endpoint {",
        f'    url = "{address}"',
        *token,
        "  }",
        *header,
        "}",
    )
