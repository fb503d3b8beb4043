"""IAM users with their ways to sign in, and their access keys."""

from collections.abc import Mapping
from typing import Any

from connectors.clouds.aws import fields
from connectors.reading.listing import Detail, Item, Listing, Place, at, first, joined
from domain.facts.resource import Resource, ResourceKind

USER, KEY = ResourceKind.AWS_IAM_USER, ResourceKind.AWS_IAM_ACCESS_KEY
# IAM says so when a user has no password, and when the user was deleted since the list was read.
GONE = ("NoSuchEntity",)


def parse_access_key(item: Item, details: Mapping[str, Any], place: Place) -> Resource:
    """A key by its id. Source: IAM ListAccessKeys, GetAccessKeyLastUsed (whose region and service are "N/A" for a key
    never used).
    """
    return fields.resource(
        KEY, "AccessKeyId", name="{AccessKeyId} of {UserName}", created="CreateDate", is_global=True
    )(item, details, place)


KEYS = Listing(
    operation=fields.call("iam.list_access_keys", "iam:ListAccessKeys", absent=GONE),
    arguments=fields.asks_parent(UserName="UserName"),
    items=at("AccessKeyMetadata"),
    kind=KEY,
    parse=parse_access_key,
    details=(
        Detail(
            key="AccessKeyLastUsed",
            operation=fields.call("iam.get_access_key_last_used", "iam:GetAccessKeyLastUsed", absent=GONE),
            arguments=fields.asks(AccessKeyId="AccessKeyId"),
            pick=first("AccessKeyLastUsed"),
        ),
        # A key has no tags of its own; its user's say whose it is.
        Detail(
            key="Tags",
            operation=fields.call("iam.list_user_tags", "iam:ListUserTags", absent=GONE),
            arguments=fields.asks(UserName="UserName"),
            pick=joined("Tags"),
        ),
    ),
)


def _of_user(key: str, operation: str, permission: str, list_name: str) -> Detail:
    return Detail(
        key=key,
        operation=fields.call(f"iam.{operation}", f"iam:{permission}", absent=GONE),
        arguments=fields.asks(UserName="UserName"),
        pick=joined(list_name),
    )


LISTINGS = (
    Listing(
        operation=fields.call("iam.list_users", "iam:ListUsers"),
        items=at("Users"),
        kind=USER,
        parse=fields.resource(USER, "Arn", name="UserName", created="CreateDate", is_global=True),
        details=(
            Detail(
                key="LoginProfile",
                operation=fields.call("iam.get_login_profile", "iam:GetLoginProfile", absent=GONE),
                arguments=fields.asks(UserName="UserName"),
                pick=first("LoginProfile"),
            ),
            _of_user("MFADevices", "list_mfa_devices", "ListMFADevices", "MFADevices"),
            _of_user("AttachedPolicies", "list_attached_user_policies", "ListAttachedUserPolicies", "AttachedPolicies"),
            _of_user("Tags", "list_user_tags", "ListUserTags", "Tags"),
        ),
        children=(KEYS,),
    ),
)
