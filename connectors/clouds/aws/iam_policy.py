"""Roles, groups and policies, what the account asks of passwords, who holds all rights, and uses of emergency roles."""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from connectors.clouds.aws import fields, hiding, iam, session
from connectors.reading.listing import Answer, Detail, Item, Listing, Place, at, first, joined
from domain.facts.resource import Resource, ResourceKind

ROLE, GROUP, POLICY = ResourceKind.AWS_IAM_ROLE, ResourceKind.AWS_IAM_GROUP, ResourceKind.AWS_IAM_POLICY
# The lists of one answer. Its users are read one by one, with what it does not tell of them.
LISTS = {
    "RoleDetailList": (ROLE, "RoleName"),
    "GroupDetailList": (GROUP, "GroupName"),
    "Policies": (POLICY, "PolicyName"),
}
# When a role was last used changes all day, and no rule asks for it.
PASSING = ("RoleLastUsed",)
ADMINISTRATOR = ":iam::aws:policy/AdministratorAccess"
EVERYTHING = frozenset({"*", "*:*"})


class Entity(NamedTuple):
    """A role, a group or a policy, with its kind and the field of its name."""

    kind: ResourceKind
    name_field: str
    said: Any


def entities(page: Answer) -> list[Entity]:
    """Those of one page. Source: IAM GetAccountAuthorizationDetails."""
    return [Entity(kind, field, said) for key, (kind, field) in LISTS.items() for said in at(key)(page)]


def is_kept(entity: Entity, _: Place) -> bool:
    """Policies of AWS's own are of interest only where they are in use."""
    is_of_aws = entity.kind is POLICY and ":iam::aws:policy/" in entity.said["Arn"]
    return not is_of_aws or bool(entity.said.get("AttachmentCount"))


def gives_everything(policy: Mapping[str, Any]) -> bool:
    """Whether the policy is AdministratorAccess, or its version in force allows every action on everything.

    Blind: NotAction and NotResource, conditions (which may narrow it) and many actions that together come to all.
    """
    if str(policy["Arn"]).endswith(ADMINISTRATOR):
        return True
    versions = policy.get("PolicyVersionList") or []
    return any(_allows_everything(one.get("Document")) for one in versions if one.get("IsDefaultVersion"))


def _allows_everything(document: Any) -> bool:
    """`document` is text where it is no JSON, which allows nothing that can be told."""
    statements = document.get("Statement") if isinstance(document, Mapping) else None
    return any(
        isinstance(one, Mapping)
        and one.get("Effect") == "Allow"
        and EVERYTHING.intersection(_texts(one.get("Action")))
        and "*" in _texts(one.get("Resource"))
        for one in ([statements] if isinstance(statements, Mapping) else statements or [])
    )


def _texts(value: Any) -> list[str]:
    """One text or a list of them."""
    several = value if isinstance(value, list) else [value]
    return [one for one in several if isinstance(one, str)]


def holders(pages: Sequence[Answer]) -> dict[str, Any]:
    """Who a policy is attached to, over all pages."""
    return {key: joined(key)(pages) for key in ("PolicyUsers", "PolicyRoles", "PolicyGroups")}


def parse_entity(item: Entity, details: Mapping[str, Any], place: Place) -> Resource | None:
    """A role, group or policy by ARN, with its documents as mappings: the client library decodes them."""
    made = fields.resource(
        item.kind, "Arn", name=item.name_field, created="CreateDate", is_global=True, passing=PASSING
    )
    return fields.merged("Holders", made)(item.said, details, place)


HOLDERS = Detail(
    key="Holders",
    operation=fields.call("iam.list_entities_for_policy", "iam:ListEntitiesForPolicy", absent=iam.GONE),
    arguments=lambda entity, _: {"PolicyArn": entity.said["Arn"]},
    pick=holders,
    applies=lambda entity: (
        entity.kind is POLICY and bool(entity.said.get("AttachmentCount")) and gives_everything(entity.said)
    ),
)


# How roles for emergencies are known, and for how long it is looked who took one on.
EMERGENCY = re.compile(r"break[-_]?glass", re.IGNORECASE)
LOOKED_BACK = timedelta(days=7)


def _uses(_: Item, place: Place) -> dict[str, Any]:
    """Of the role, from a midnight on. Source: CloudTrail API reference, LookupEvents: events of 90 days are kept."""
    start = (place.now - LOOKED_BACK).replace(hour=0, minute=0, second=0, microsecond=0)
    named = [{"AttributeKey": "ResourceName", "AttributeValue": place.parent["Arn"]}]
    return {"LookupAttributes": named, "StartTime": start.isoformat()}


# A role is taken on in any region, and the event is kept there.
USES = Detail(
    key="Uses",
    operation=session.REGIONS,
    arguments=lambda _, __: {},
    pick=joined("Regions"),
    applies=lambda role: EMERGENCY.search(role["RoleName"]) is not None,
    each=Detail(
        key="Events",
        operation=fields.call(
            "cloudtrail.lookup_events",
            "cloudtrail:LookupEvents",
            # The event in full, with addresses and what was asked, and the key of the session.
            hidden=hiding.without("CloudTrailEvent", "AccessKeyId"),
            page_size=50,
        ),
        arguments=_uses,
        pick=joined("Events"),
        place=lambda region, place: place.inside(region["RegionName"]),
    ),
)


def _nothing(_: Item, __: Place) -> dict[str, Any]:
    return {}


ACCOUNT_DETAILS = (
    Detail(
        key="SummaryMap",
        operation=fields.call("iam.get_account_summary", "iam:GetAccountSummary"),
        arguments=_nothing,
        pick=first("SummaryMap"),
    ),
    Detail(
        key="PasswordPolicy",
        operation=fields.call("iam.get_account_password_policy", "iam:GetAccountPasswordPolicy", absent=iam.GONE),
        arguments=_nothing,
        pick=first("PasswordPolicy"),
    ),
    Detail(
        key="OpenIDConnectProviderList",
        operation=fields.call("iam.list_open_id_connect_providers", "iam:ListOpenIDConnectProviders"),
        arguments=_nothing,
        pick=joined("OpenIDConnectProviderList"),
    ),
    Detail(
        key="Regions",
        operation=fields.call("account.list_regions", "account:ListRegions"),
        arguments=_nothing,
        pick=joined("Regions"),
    ),
)
LISTINGS = (
    Listing(
        operation=fields.call("iam.get_account_authorization_details", "iam:GetAccountAuthorizationDetails"),
        items=entities,
        keeps=is_kept,
        kind=ROLE,
        also=(GROUP, POLICY),
        parse=parse_entity,
        details=(HOLDERS,),
    ),
    Listing(operation=fields.call("iam.list_roles", "iam:ListRoles"), items=at("Roles"), details=(USES,)),
)
