"""The way from an organization's own account into the others."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from connectors.clouds.aws import organization
from connectors.reading.source import Identity
from domain.errors import Misshapen, PermissionMissing, PlanMissing, ProviderError
from domain.facts.aws_credentials import AwsCredentials

OWN = "111122223333"
ROLE = f"arn:aws-us-gov:iam::{OWN}:role/audit/tools/CloudWatcher"
GIVEN = AwsCredentials(role_arn=ROLE, external_id="tenant-42", regions=("eu-west-1",))


class Organization:
    """Answers with pages of accounts, or with an error."""

    endpoint = "AWS"

    def __init__(self, *pages: Any) -> None:
        self.answers, self.asked = pages, 0

    async def identity(self) -> Identity:
        return Identity(OWN, "the payer", "me")

    async def regions(self) -> tuple[str, ...]:
        return ()

    async def pages(self, *_: Any) -> AsyncGenerator[Any, None]:
        self.asked += 1
        for page in self.answers:
            if isinstance(page, ProviderError):
                raise page
            yield {"Accounts": page}


def account(number: str, name: str = "shop", **changes: Any) -> dict[str, Any]:
    return {"Id": number, "Name": name, "Status": "ACTIVE", **changes}


async def test_other_active_accounts_are_entered_by_the_same_role():
    pages = [account(OWN, "payer"), account("444455556666")], [account("777788889999", "lab")]

    shop, lab = await organization.members(Organization(*pages), GIVEN)

    assert (shop.native_id, shop.name) == ("444455556666", "shop")
    # partition, path and name of the role stay, and so does the external id
    assert shop.credentials.role_arn == "arn:aws-us-gov:iam::444455556666:role/audit/tools/CloudWatcher"
    assert shop.credentials.external_id == "tenant-42"
    assert lab.credentials == GIVEN.model_copy(
        update={"role_arn": "arn:aws-us-gov:iam::777788889999:role/audit/tools/CloudWatcher"}
    )


async def test_keys_go_along():
    with_keys = AwsCredentials.model_validate(
        {**GIVEN.revealed(), "access_key_id": "AKIA1", "secret_access_key": "s", "endpoint_url": "https://aws.test"}
    )

    (shop,) = await organization.members(Organization([account("444455556666")]), with_keys)

    revealed = shop.credentials.revealed()
    assert (revealed["access_key_id"], revealed["secret_access_key"]) == ("AKIA1", "s")
    assert revealed["endpoint_url"] == "https://aws.test"


@pytest.mark.parametrize("changes", [{"Status": "SUSPENDED"}, {"Status": None, "State": "PENDING_CLOSURE"}])
async def test_accounts_that_are_not_active_are_left_alone(changes):
    assert await organization.members(Organization([account("444455556666", **changes)]), GIVEN) == ()


async def test_account_may_say_so_in_its_newer_field_alone():
    newer = {"Id": "444455556666", "State": "ACTIVE"}

    (found,) = await organization.members(Organization([newer]), GIVEN)

    assert found.name == "444455556666"


async def test_keys_without_a_role_lead_nowhere_else():
    source = Organization([account("444455556666")])
    keys = AwsCredentials.model_validate({"access_key_id": "AKIA1", "secret_access_key": "s"})

    assert await organization.members(source, keys) == ()
    assert source.asked == 0


async def test_account_in_no_organization_has_no_members():
    assert await organization.members(Organization(), GIVEN) == ()


async def test_account_that_may_not_list_members_is_not_taken_to_have_none():
    """One that was the management account's delegate until yesterday is answered so, too."""
    with pytest.raises(PlanMissing):
        await organization.members(Organization(PlanMissing("no", service="organizations", plan="p")), GIVEN)


async def test_list_that_breaks_off_is_no_list():
    broken = Organization([account("444455556666")], PermissionMissing("no", service="organizations"))

    with pytest.raises(PermissionMissing):
        await organization.members(broken, GIVEN)


@pytest.mark.parametrize("number", ["", "1", "11112222333a", "111122223333:role/admin", None, "４４４４55556666"])
async def test_account_without_a_number_is_not_entered(number):
    with pytest.raises(Misshapen):
        await organization.members(Organization([account(number)]), GIVEN)
