"""What DigitalOcean needs before its bills can be fetched: nothing is delivered, a token asks."""

from domain.facts.cost_source_settings import InsightSettings, InvoiceSettings
from domain.setup.guide import Snippet, lines


def digitalocean(_: InvoiceSettings | InsightSettings) -> tuple[list[str], list[str], list[Snippet]]:
    """A token with the scopes of billing. Source: DigitalOcean API reference, token scopes."""
    check = lines(
        "set -eu",
        'curl --fail --silent -H "Authorization: Bearer $DIGITALOCEAN_TOKEN" \\',
        "  https://api.digitalocean.com/v2/customers/my/invoices",
    )
    return (
        [
            "In the control panel, under API, give the token of the connection the scopes, or make a new one with them "
            "and give it to rotateCredentials.",
            "Invoices are exact and come once a month, with a preview of the running one; insights are daily estimates."
            " Fetch one of the two: each tells of all charges.",
        ],
        ["billing:read", "account:read"],
        [Snippet("A look by hand", "cloudwatcher-invoices.sh", "bash", check)],
    )
