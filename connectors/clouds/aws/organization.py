"""The accounts of an organization, and the way into each of them."""

import re
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime

from connectors.clouds.aws import fields
from connectors.reading.listing import Detail, Item, Listing, Place, at, joined
from connectors.reading.source import Member, Source
from domain.errors import Misshapen
from domain.facts.aws_credentials import AwsCredentials
from domain.facts.resource import ResourceKind

KIND = ResourceKind.AWS_ORGANIZATION_ACCOUNT
# An account in no organization has no other accounts, which is a fact and no gap.
NO_ORGANIZATION = ("AWSOrganizationsNotInUseException",)
# A member account is answered so, and with the code of a missing permission. The other sentence names the permission.
NOT_MANAGEMENT = "AccessDeniedException: You don't have permissions to access this resource"
MANAGEMENT = "the management account of the organization, or one it delegates to"
ACCOUNT = re.compile("[0-9]{12}")
ROLE_ACCOUNT = re.compile("(?<=:iam::)[0-9]{12}(?=:role/)")
ACCOUNTS = fields.call(
    "organizations.list_accounts",
    "organizations:ListAccounts",
    absent=NO_ORGANIZATION,
    off=(NOT_MANAGEMENT,),
    plan=MANAGEMENT,
)

LISTINGS = (
    Listing(
        operation=ACCOUNTS,
        items=at("Accounts"),
        kind=KIND,
        parse=fields.resource(KIND, "Id", name="Name", created="JoinedTimestamp", is_global=True),
        details=(
            Detail(
                key="Tags",
                operation=fields.call(
                    "organizations.list_tags_for_resource",
                    "organizations:ListTagsForResource",
                    absent=("TargetNotFoundException",),
                ),
                arguments=fields.asks(ResourceId="Id"),
                pick=joined("Tags"),
            ),
        ),
    ),
)


async def members(source: Source, credentials: AwsCredentials) -> tuple[Member, ...]:
    """The other active accounts of the organization, each entered by the role of the same name and path.

    None where the account is entered without a role, which is all that leads on. The role may be missing in an account;
    only entering it tells. Raises PlanMissing where the account may not list them, being no management account (or none
    any more), and ProviderError when the list cannot be read whole.
    """
    if credentials.role_arn is None:
        return ()
    own = (await source.identity()).native_id
    found = [account async for account in _accounts(source, own)]
    return tuple(_member(account, credentials) for account in found if account["Id"] != own and _is_active(account))


def _is_active(account: Item) -> bool:
    # `State` takes the place of `Status` in September 2026. Source: Organizations API reference, Account.
    return "ACTIVE" in (account.get("Status"), account.get("State"))


def _member(account: Item, credentials: AwsCredentials) -> Member:
    native_id = account["Id"]
    role = ROLE_ACCOUNT.sub(native_id, credentials.role_arn or "", count=1)
    return Member(
        native_id=native_id,
        name=account.get("Name") or native_id,
        credentials=AwsCredentials.model_validate({**credentials.revealed(), "role_arn": role}),
    )


async def _accounts(source: Source, own: str) -> AsyncIterator[Item]:
    place = Place(account_id=own, region=None, now=datetime.now(UTC))
    async with aclosing(source.pages(ACCOUNTS, place, {})) as pages:
        async for page in pages:
            for account in at("Accounts")(page):
                if not ACCOUNT.fullmatch(str(account.get("Id"))):
                    message = f"{source.endpoint} answered {ACCOUNTS.name} with an account that has no number."
                    raise Misshapen(message, service=ACCOUNTS.service)
                yield account
