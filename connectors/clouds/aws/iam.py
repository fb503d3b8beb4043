"""IAM users with their ways to sign in and what they may do, and their access keys."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from connectors.clouds.aws import fields
from connectors.reading.listing import Answer, Detail, Item, Listing, Place, at, first, joined
from domain.facts.resource import Resource, ResourceKind

USER, KEY = ResourceKind.AWS_IAM_USER, ResourceKind.AWS_IAM_ACCESS_KEY
# IAM says so when a user has no password, and when the user was deleted since the list was read.
GONE = ("NoSuchEntity",)
USER_TAGS = fields.call("iam.list_user_tags", "iam:ListUserTags", absent=GONE)


def listed(key: str) -> Callable[[Sequence[Answer]], list[Any] | None]:
    """The lists of all pages; None without a page, which is that the user is gone."""
    whole = joined(key)
    return lambda pages: whole(pages) if pages else None


def _of_user(key: str, operation: str, permission: str, list_name: str) -> Detail:
    return Detail(
        key=key,
        operation=fields.call(f"iam.{operation}", f"iam:{permission}", absent=GONE),
        arguments=fields.asks(UserName="UserName"),
        pick=listed(list_name),
    )


LISTS = (
    _of_user("MFADevices", "list_mfa_devices", "ListMFADevices", "MFADevices"),
    _of_user("AttachedPolicies", "list_attached_user_policies", "ListAttachedUserPolicies", "AttachedPolicies"),
    _of_user("Groups", "list_groups_for_user", "ListGroupsForUser", "Groups"),
    Detail(key="Tags", operation=USER_TAGS, arguments=fields.asks(UserName="UserName"), pick=listed("Tags")),
)
LOGIN_PROFILE = Detail(
    key="LoginProfile",
    operation=fields.call("iam.get_login_profile", "iam:GetLoginProfile", absent=GONE),
    arguments=fields.asks(UserName="UserName"),
    pick=first("LoginProfile"),
)
INLINE_POLICIES = Detail(
    key="UserPolicyList",
    operation=fields.call("iam.list_user_policies", "iam:ListUserPolicies", absent=GONE),
    arguments=fields.asks(UserName="UserName"),
    pick=listed("PolicyNames"),
    each=Detail(
        key="Policy",
        operation=fields.call("iam.get_user_policy", "iam:GetUserPolicy", absent=GONE),
        arguments=lambda name, place: {"UserName": place.parent["UserName"], "PolicyName": name},
    ),
)


def parse_user(item: Item, details: Mapping[str, Any], place: Place) -> Resource | None:
    """A user by ARN, None for one that was deleted while it was read. LoginProfile None is: without a password.

    Source: IAM ListUsers, GetLoginProfile, ListMFADevices and the rest of LISTS.
    """
    if any(details.get(part.key, ()) is None for part in LISTS):
        return None
    return fields.resource(USER, "Arn", name="UserName", created="CreateDate", is_global=True)(item, details, place)


def parse_access_key(item: Item, details: Mapping[str, Any], place: Place) -> Resource:
    """A key by its id; it carries its user's tags, having none of its own.

    Source: IAM ListAccessKeys, GetAccessKeyLastUsed (whose region and service are "N/A" for a key never used).
    """
    name = "{AccessKeyId} of {UserName}"
    return fields.resource(KEY, "AccessKeyId", name=name, created="CreateDate", is_global=True)(item, details, place)


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
        Detail(key="Tags", operation=USER_TAGS, arguments=fields.asks(UserName="UserName"), pick=listed("Tags")),
    ),
)
LISTINGS = (
    Listing(
        operation=fields.call("iam.list_users", "iam:ListUsers"),
        items=at("Users"),
        kind=USER,
        parse=parse_user,
        details=(LOGIN_PROFILE, *LISTS, INLINE_POLICIES),
        children=(KEYS,),
    ),
)
