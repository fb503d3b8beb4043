"""Secrets of Secrets Manager: when they were changed and used. Their values are never asked for."""

from connectors.clouds.aws import fields
from connectors.reading.listing import Listing, at
from domain.facts.resource import ResourceKind

KIND = ResourceKind.AWS_SECRET
LISTINGS = (
    Listing(
        operation=fields.call("secretsmanager.list_secrets", "secretsmanager:ListSecrets", page_size=100),
        items=at("SecretList"),
        kind=KIND,
        parse=fields.resource(KIND, "ARN", name="Name", created="CreatedDate"),
        is_regional=True,
    ),
)
