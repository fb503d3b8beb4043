"""IAM Identity Center, in the region it lives in, and its users."""

from connectors.clouds.aws import fields
from connectors.reading.listing import Answer, Listing, at
from domain.facts.resource import ResourceKind

KIND = ResourceKind.AWS_IDENTITY_CENTER
# Who somebody is, and nothing of where they live.
USER_FIELDS = ("UserName", "UserId", "ExternalIds", "Emails", "DisplayName", "UserStatus", "IdentityStoreId")


def without_person(answer: Answer) -> Answer:
    """Users with what identifies them; addresses, telephone numbers and the rest are left out."""
    kept = [{key: one[key] for key in USER_FIELDS if key in one} for one in answer.get("Users") or []]
    return {**answer, "Users": kept}


LISTINGS = (
    Listing(
        operation=fields.call("sso-admin.list_instances", "sso:ListInstances"),
        items=at("Instances"),
        kind=KIND,
        parse=fields.resource(KIND, "InstanceArn", created="CreatedDate"),
        children=(
            Listing(
                operation=fields.call("identitystore.list_users", "identitystore:ListUsers", hidden=without_person),
                arguments=fields.asks_parent(IdentityStoreId="IdentityStoreId"),
                items=at("Users"),
            ),
        ),
        is_regional=True,
    ),
)
