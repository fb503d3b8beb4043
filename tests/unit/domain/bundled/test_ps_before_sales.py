"""Whether capacity is raised before a sale. NOW is 2026-06-01 12:00, a Monday."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.bundled.ps_trf_03 import ACTIONS, GROUPS, SALES, SETTINGS
from domain.compliance.answers import Answers
from domain.facts.compliance import CheckStatus, Integration
from tests.factories.answers import NOW, answers, call, faults, judged
from tests.factories.bundled import check_of

FAIL, WARNING, PASS, ERROR = CheckStatus.FAIL, CheckStatus.WARNING, CheckStatus.PASS, CheckStatus.ERROR
NOTHING, UNTOLD = CheckStatus.NOT_APPLICABLE, CheckStatus.NOT_ASSESSED
CHECK = check_of("PS-TRF-03")
# Friday morning in UTC.
OPENING = datetime(2026, 6, 5, 9, tzinfo=UTC)
REGION, ARN = "eu-west-1", "arn:aws:autoscaling:eu-west-1:123:autoScalingGroup:1:autoScalingGroupName/shop"
SETTING = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Insights/autoscaleSettings/shop"


def sale(at: datetime | None = OPENING, name: str = "summer", account: str | None = None) -> dict[str, Any]:
    first = (at or OPENING).replace(hour=0)
    return {"name": name, "first": first, "until": first + timedelta(days=2), "starts_at": at, "account": account}


def declared(*sales: dict[str, Any], off: Any = ()) -> Answers:
    return answers(Integration.PLATFORM, (SALES, list(sales)), off=off)


def group(least: int = 2, wanted: int = 3, most: int = 10, **tags: str) -> dict[str, Any]:
    own = [{"Key": key, "Value": value} for key, value in tags.items()]
    sizes = {"MinSize": least, "DesiredCapacity": wanted, "MaxSize": most, "Tags": own}
    return {"AutoScalingGroupName": "shop", "AutoScalingGroupARN": ARN, **sizes}


def action(at: datetime | None = None, **fields: Any) -> dict[str, Any]:
    return {"AutoScalingGroupName": "shop", **({"StartTime": at.isoformat()} if at else {}), **fields}


def aws(*actions: dict[str, Any], groups: Any = None, at: str = REGION) -> Answers:
    return answers(
        Integration.AWS,
        call(GROUPS, {"AutoScalingGroups": [group()] if groups is None else groups}, at=REGION),
        call(ACTIONS, {"ScheduledUpdateGroupActions": list(actions)}, at=at),
    )


def before(minutes: int) -> datetime:
    return OPENING - timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("looked_at", "status"),
    [
        (aws(action(before(30), MinSize=6)), PASS),
        (aws(action(before(45), DesiredCapacity=8)), PASS),
        (aws(action(Recurrence="0 8 * * *", MinSize=6), action(Recurrence="0 22 * * *", MinSize=2)), PASS),
        # 10 o'clock in Berlin is 8 in UTC.
        (aws(action(Recurrence="0 10 * * FRI", TimeZone="Europe/Berlin", MinSize=6)), PASS),
        (aws(action(before(29), MinSize=6)), WARNING),
        (aws(action(OPENING, MinSize=6)), WARNING),
        (aws(), FAIL),
        (aws(action(OPENING + timedelta(minutes=1), MinSize=6)), FAIL),
        # Lowered again before the opening.
        (aws(action(before(90), MinSize=6), action(before(60), MinSize=2)), FAIL),
        (aws(action(before(60), MinSize=2, DesiredCapacity=3)), FAIL),
        (aws(action(before(60), MaxSize=20)), FAIL),
        # Another group, and a group of the same name elsewhere.
        (aws({**action(before(60), MinSize=6), "AutoScalingGroupName": "other"}), FAIL),
        (aws(action(before(60), MinSize=6), at="us-east-1"), FAIL),
        # The end of what recurs, and a day on which it does not.
        (aws(action(Recurrence="0 8 * * *", MinSize=6, EndTime=(OPENING - timedelta(days=7)).isoformat())), FAIL),
        (aws(action(before(8 * 24 * 60), Recurrence="0 8 4 7 *", MinSize=6)), FAIL),
        # The evening before is early enough, and the group has grown already.
        (
            aws(
                action(Recurrence="0 20 * * *", MinSize=6),
                action(Recurrence="0 10 * * *", MinSize=2),
                groups=[group(6)],
            ),
            PASS,
        ),
        (aws(groups=[group(most=0)]), NOTHING),
        (aws(groups=[group(environment="dev")]), NOTHING),
        (aws(action(Recurrence="@daily", MinSize=6)), ERROR),
    ],
)
def test_groups_are_raised_before_a_sale(looked_at: Answers, status: CheckStatus) -> None:
    assert judged(CHECK, looked_at, declared(sale())).status is status


@pytest.mark.parametrize(
    ("sales", "status"),
    [
        (declared(), NOTHING),
        (declared(off=[SALES]), UNTOLD),
        (declared(sale(None)), UNTOLD),
        # One of two has its hour.
        (declared(sale(None, "autumn"), sale()), FAIL),
        (declared(sale(account="the-account")), FAIL),
        (declared(sale(account="another")), NOTHING),
        (declared(sale(NOW + timedelta(days=8))), FAIL),
        (declared(sale(NOW + timedelta(days=8, minutes=1))), NOTHING),
        (declared(sale(NOW + timedelta(days=1))), FAIL),
        (declared(sale(NOW + timedelta(hours=23))), NOTHING),
    ],
)
def test_sales_that_are_near_and_have_an_hour_are_looked_at(sales: Answers, status: CheckStatus) -> None:
    assert judged(CHECK, aws(), sales).status is status


def test_each_sale_is_judged_by_itself_and_says_what_to_declare() -> None:
    early = action(before(60), MinSize=6)
    later = sale(OPENING + timedelta(days=2), "flash")

    found = judged(CHECK, aws(early, action(OPENING + timedelta(days=1), MinSize=2)), declared(sale(), later))
    untold = judged(CHECK, aws(early), declared(sale(None)))

    assert (found.status, faults(found)) == (FAIL, [f"{ARN} before flash at 2026-06-07 09:00 UTC"])
    assert untold.problem == f"{SALES}: the hour of summer is not declared: give its event startsAt"


def profile(least: int, **when: Any) -> dict[str, Any]:
    return {"name": "p", "capacity": {"minimum": str(least), "maximum": "20", "default": str(least)}, **when}


def fixed(start: str, end: str, zone: str | None = "UTC") -> dict[str, Any]:
    return {"fixedDate": {"timeZone": zone, "start": start, "end": end}}


def weekly(hour: int, *days: str, zone: str = "UTC") -> dict[str, Any]:
    schedule = {"timeZone": zone, "days": list(days), "hours": [hour], "minutes": [30]}
    return {"recurrence": {"frequency": "Week", "schedule": schedule}}


def azure(*profiles: dict[str, Any], tags: Any = None, **own: Any) -> Answers:
    properties = {"enabled": True, "profiles": [profile(2), *profiles], **own}
    return answers(Integration.AZURE, (SETTINGS, {"value": [{"id": SETTING, "tags": tags, "properties": properties}]}))


FRIDAY = ("2026-06-05T08:30:00Z", "2026-06-06T00:00:00Z")
BERLIN = "W. Europe Standard Time"


@pytest.mark.parametrize(
    ("looked_at", "status"),
    [
        (azure(profile(6, **fixed(*FRIDAY))), PASS),
        (azure(profile(6, **fixed("2026-06-05T10:30:00", "2026-06-06T00:00:00", BERLIN))), PASS),
        (azure(profile(6, **fixed(*FRIDAY, None))), PASS),
        (azure(profile(6, **weekly(8, "Friday"))), PASS),
        (azure(profile(6, **weekly(9, "Thursday", zone=BERLIN))), PASS),
        (azure(profile(6, **fixed("2026-06-05T08:31:00Z", "2026-06-06T00:00:00Z"))), WARNING),
        (azure(), FAIL),
        (azure(profile(6, **fixed(*FRIDAY)), enabled=False), FAIL),
        (azure(profile(6, **fixed("2026-06-05T10:30:00", "2026-06-06T00:00:00"))), FAIL),
        # Over before it opens.
        (azure(profile(6, **fixed("2026-06-05T01:00:00Z", "2026-06-05T09:00:00Z"))), FAIL),
        (azure(profile(6, **weekly(8, "Thursday")), profile(2, **weekly(20, "Thursday"))), FAIL),
        # A date goes before what recurs.
        (azure(profile(6, **weekly(8, "Friday")), profile(2, **fixed(*FRIDAY))), FAIL),
        (azure(profile(6, **fixed(*FRIDAY)), tags={"environment": "test"}), NOTHING),
        (azure(profile(6, **weekly(8, "Friday", zone="Nowhere Standard Time"))), ERROR),
    ],
)
def test_settings_of_azure_are_raised_before_a_sale(looked_at: Answers, status: CheckStatus) -> None:
    assert judged(CHECK, looked_at, declared(sale())).status is status
