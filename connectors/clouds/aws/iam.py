"""IAM users with their ways to sign in, and their access keys."""

from typing import Any

from connectors.clouds.aws import fields, session, survey
from connectors.guard import together
from domain.facts.resource import Resource, ResourceKind

USER, KEY = ResourceKind.AWS_IAM_USER, ResourceKind.AWS_IAM_ACCESS_KEY
# IAM says so when a user has no password, and when the user was deleted since the list was read.
GONE = ("NoSuchEntity",)
# name in `config`, operation, key of the answer
LISTS = (
    ("MFADevices", "list_mfa_devices", "MFADevices"),
    ("AttachedPolicies", "list_attached_user_policies", "AttachedPolicies"),
    ("Tags", "list_user_tags", "Tags"),
)


async def fetch_users(run: survey.Run) -> list[Resource]:
    """Users and access keys: one step for the list and one for each user."""
    reader = await run.session.reader("iam", run.session.home_region)
    listed = await run.whole_list(reader, "list_users", "Users", (USER, KEY), None)
    run.expect(len(listed))
    await run.advance("iam")
    found = await together(_fetch_user(run, reader, user) for user in listed)
    return [resource for resources in found for resource in resources]


def parse_user(listed: dict[str, Any], details: dict[str, Any]) -> Resource:
    """A user by ARN. `details` has a key for each part that could be read: LoginProfile (None without a password),
    MFADevices, AttachedPolicies, Tags. Source: IAM ListUsers, GetLoginProfile, ListMFADevices and the rest of LISTS.
    """
    return Resource(
        kind=USER,
        native_id=listed["Arn"],
        name=listed["UserName"],
        tags=fields.tags_of(details.get("Tags")),
        config={**fields.config_of(listed), **fields.config_of(details)},
        created_at=fields.utc(listed.get("CreateDate")),
    )


def parse_access_key(key: dict[str, Any], last_used: dict[str, Any] | None, tags: dict[str, str]) -> Resource:
    """A key by its id; it carries its user's tags, having none of its own. `last_used` None: it could not be read.

    Source: IAM ListAccessKeys, GetAccessKeyLastUsed (whose region and service are "N/A" for a key never used).
    """
    use = {} if last_used is None else {"AccessKeyLastUsed": fields.json_value(last_used)}
    return Resource(
        kind=KEY,
        native_id=key["AccessKeyId"],
        name=f"{key['AccessKeyId']} of {key['UserName']}",
        tags=tags,
        config={**fields.config_of(key), **use},
        created_at=fields.utc(key["CreateDate"]),
    )


async def _fetch_user(run: survey.Run, reader: session.AwsReader, listed: dict[str, Any]) -> list[Resource]:
    name = listed.get("UserName", "")
    details = await _fetch_details(run, reader, name)
    listing = reader.pages("list_access_keys", "AccessKeyMetadata", absent=GONE, UserName=name)
    key_list = await run.detail(listing, None, KEY)
    is_gone = key_list is None or any(details.get(part, []) is None for part, _, _ in LISTS)
    resources = [] if is_gone else run.parsed(reader, USER, None, lambda: [parse_user(listed, details)])
    if isinstance(key_list, list) and not is_gone:
        resources += await _fetch_keys(run, reader, key_list, fields.tags_of(details.get("Tags")))
    await run.advance("iam")
    return resources


async def _fetch_details(run: survey.Run, reader: session.AwsReader, name: str) -> dict[str, Any]:
    """The parts that could be read; None for a missing password, and for every list of a user that is gone."""
    lists = [reader.pages(operation, key, absent=GONE, UserName=name) for _, operation, key in LISTS]
    read = await together(run.detail(one, None) for one in lists)
    parts = [part for part, _, _ in LISTS]
    details = {part: value for part, value in zip(parts, read, strict=True) if not isinstance(value, survey.Unread)}
    profile = await run.detail(reader.call("get_login_profile", absent=GONE, UserName=name), None)
    if isinstance(profile, survey.Unread):
        return details
    return {**details, "LoginProfile": profile and profile.get("LoginProfile")}


async def _fetch_keys(
    run: survey.Run, reader: session.AwsReader, keys: list[dict[str, Any]], tags: dict[str, str]
) -> list[Resource]:
    operation = "get_access_key_last_used"
    calls = [reader.call(operation, absent=GONE, AccessKeyId=key.get("AccessKeyId", "")) for key in keys]
    answers = await together(run.detail(call, None) for call in calls)
    used = [answer.get("AccessKeyLastUsed") if isinstance(answer, dict) else None for answer in answers]
    pairs = list(zip(keys, used, strict=True))
    return run.parsed(reader, KEY, None, lambda: [parse_access_key(key, last, tags) for key, last in pairs])
