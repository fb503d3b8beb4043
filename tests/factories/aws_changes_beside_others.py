"""Changes to a stand-in AWS account and to what is connected beside it: a directory, tickets, our own records.

All that is dated lies before NOW, when the account is judged.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

import documents
from domain.facts.compliance import CheckStatus
from tests.fakes.aws import REGIONS, Moto
from tests.fakes.collecting import NOW
from tests.fakes.jira_tickets import JiraTickets
from tests.fakes.okta_cloud import OktaCloud, stamp

PASS, WARNING, FAIL, ERROR = CheckStatus.PASS, CheckStatus.WARNING, CheckStatus.FAIL, CheckStatus.ERROR
NOTHING, UNTOLD = CheckStatus.NOT_APPLICABLE, CheckStatus.NOT_ASSESSED
TRUST = '{"Version": "2012-10-17", "Statement": []}'
DOMAIN = "example.com"
BREAK_GLASS = "break-glass"
TODAY = NOW.replace(hour=0)
# The sale took two days, and the third is the day that is compared with the week before.
FIRST, UNTIL = TODAY - timedelta(days=12), TODAY - timedelta(days=10)
COMPARED, DAYS = UNTIL + timedelta(days=1), 30


class Left(NamedTuple):
    """The directory ended somebody so many hours ago, or nobody where it is None. `make` is who is in AWS."""

    status: CheckStatus
    hours: float | None
    make: Callable[[Moto], Any]
    said: str


class Used(NamedTuple):
    """The role for emergencies was taken on so many hours ago; None: never. `make` is what Jira tells of it, which is
    None where it is not connected.
    """

    status: CheckStatus
    hours: float | None
    make: Callable[[JiraTickets, datetime], Any] | None
    said: str


class Spent(NamedTuple):
    """What was spent on the day that counts, where it is 100 on others; None where nothing is spent at all."""

    status: CheckStatus
    amount: int | None
    is_declared: bool
    said: str


def nobody(_: Any) -> None:
    """There is no user."""


def user(moto: Moto) -> None:
    """A user of IAM, known by what stands before the @."""
    moto.client("iam").create_user(UserName="ann")


def centre_user(moto: Moto) -> None:
    """A user of the identity centre that every account of moto has, known by an address."""
    (centre,) = moto.client("sso-admin").list_instances()["Instances"]
    moto.client("identitystore").create_user(
        IdentityStoreId=centre["IdentityStoreId"],
        UserName="shop-7",
        DisplayName="Ann",
        Name={"GivenName": "Ann", "FamilyName": "Lee"},
        Emails=[{"Value": f"ann@{DOMAIN}", "Primary": True}],
    )


def person(okta: OktaCloud, hours: float | None) -> None:
    """Ann, who left so many hours ago or is still there."""
    okta.add_user("bob")
    if hours is None:
        okta.add_user("ann")
    else:
        at = (NOW - timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        okta.add_user("ann", status="DEPROVISIONED", statusChanged=at, lastUpdated=stamp())


def emergency_role(moto: Moto, at: datetime | None) -> None:
    """A role for emergencies, and who took it on. What CloudTrail has is kept in one region of two."""
    moto.client("iam").create_role(RoleName=BREAK_GLASS, AssumeRolePolicyDocument=TRUST)
    moto.say("ec2.DescribeRegions", {"Regions": [{"RegionName": one} for one in REGIONS]})
    event = {"EventId": "e-1", "EventName": "AssumeRole", "EventSource": "sts.amazonaws.com", "Username": "ops"}
    moto.say("cloudtrail.LookupEvents", {"Events": [{**event, "EventTime": at}] if at else []})


def untold(_: JiraTickets, __: datetime) -> None:
    """There is no ticket."""


def told(*, reviewed: float | None) -> Callable[[JiraTickets, datetime], None]:
    """A ticket that was opened a quarter of an hour later, and reviewed so many hours after the use."""

    def make(jira: JiraTickets, at: datetime) -> None:
        key = jira.add(BREAK_GLASS, at + timedelta(minutes=15))
        if reviewed is not None:
            jira.move(key, "Reviewed", at + timedelta(hours=reviewed))

    return make


def spend(moto: Moto, amount: int) -> None:
    """100 a day by two services of the last days, but on the day that is compared."""
    days = [TODAY - timedelta(days=number) for number in range(DAYS, 0, -1)]
    results = [_day(day, amount if day == COMPARED else 100) for day in days]
    moto.say("ce.GetCostAndUsage", {"ResultsByTime": results})


def _day(day: datetime, amount: int) -> dict[str, Any]:
    period = {"Start": f"{day:%Y-%m-%d}", "End": f"{day + timedelta(days=1):%Y-%m-%d}"}
    groups = [_group("Amazon Simple Storage Service", 40), _group("AWS Lambda", amount - 40)]
    return {"TimePeriod": period, "Total": {}, "Groups": groups, "Estimated": False}


def _group(service: str, amount: int) -> dict[str, Any]:
    cost = {"Amount": str(amount), "Unit": "USD"}
    return {"Keys": [service], "Metrics": {"AmortizedCost": cost, "UnblendedCost": cost}}


def sale(org_id: Any) -> documents.ForecastEvent:
    """Costs of all services were expected to triple for two days."""
    return documents.ForecastEvent(org_id=org_id, name="spring", first=FIRST, until=UNTIL, factor=Decimal(3))


LEFT = (
    Left(PASS, None, user, "ann has not left"),
    Left(WARNING, 12, user, "ann left 12 hours ago and still has access"),
    Left(FAIL, 30, user, "ann left 30 hours ago and still has access"),
    Left(FAIL, 30, centre_user, "shop-7 left 30 hours ago and still has access"),
    Left(NOTHING, 30, nobody, ""),
)
USED = (
    Used(PASS, 100, told(reviewed=20), "ticket OPS-1, reviewed"),
    Used(WARNING, 100, told(reviewed=50), "ticket OPS-1, reviewed"),
    Used(WARNING, 40, told(reviewed=None), "ticket OPS-1, reviewed not yet"),
    Used(FAIL, 100, told(reviewed=80), "ticket OPS-1, reviewed"),
    Used(FAIL, 100, untold, "no ticket"),
    Used(NOTHING, None, untold, ""),
    Used(UNTOLD, 100, None, "Jira is not connected"),
)
SPENT = (
    Spent(PASS, 110, True, "110% of that of the week before"),
    Spent(WARNING, 130, True, "130% of that of the week before"),
    Spent(FAIL, 131, True, "131% of that of the week before"),
    Spent(NOTHING, None, True, ""),
    Spent(UNTOLD, 131, False, "platform:sales: nothing is recorded yet"),
)
