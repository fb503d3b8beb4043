"""Capacity is raised by a schedule before each sale whose hour is declared.

Sales are judged from eight days to one day before they begin: earlier nobody needs to have planned, and later an action
that ran once may be gone from the list. All that scales counts on which production may depend by its tags.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from domain.compliance.answers import NotOffered, Unread
from domain.compliance.control import Case, Item, Procedure, failed, passed, warned
from domain.compliance.environments import is_critical
from domain.compliance.instants import instant
from domain.compliance.own_rows import own_rows
from domain.compliance.schedules import Schedule, parse_cron
from domain.compliance.windows_zones import IANA
from domain.facts.compliance import Integration

SALES = "platform:sales"
GROUPS, ACTIONS = "autoscaling.describe_auto_scaling_groups", "autoscaling.describe_scheduled_actions"
SETTINGS = "GET Microsoft.Insights/autoscaleSettings"
SOONEST, LATEST = timedelta(days=1), timedelta(days=8)
LEAD = timedelta(minutes=30)
WANTED = "raised by a schedule at least 30 minutes before"
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
# Whether capacity is raised at a moment.
IsRaised = Callable[[datetime], bool]


def _sales(case: Case) -> list[Mapping[str, Any]]:
    """Those that are near and about this account. Raises NotOffered where of none the hour is known."""
    near = [
        sale
        for sale in own_rows(case, SALES)
        if sale["account"] in (None, case.answers.account) and _is_near(sale["starts_at"] or sale["first"], case.now)
    ]
    timed = [sale for sale in near if sale["starts_at"] is not None]
    if near and not timed:
        raise NotOffered(SALES, f"the hour of {near[0]['name']} is not declared: give its event startsAt")
    return timed


def _is_near(starts_at: datetime, now: datetime) -> bool:
    return SOONEST <= starts_at - now <= LATEST


def _ready(name: str, sale: Mapping[str, Any], is_raised: IsRaised) -> Item:
    at = sale["starts_at"]
    resource = f"{name} before {sale['name']} at {at:%Y-%m-%d %H:%M} UTC"
    if not is_raised(at):
        return failed(resource, "no schedule raises its capacity", WANTED)
    if not is_raised(at - LEAD):
        return warned(resource, "raised less than 30 minutes before", WANTED)
    return passed(resource, WANTED)


class _Action(NamedTuple):
    """A scheduled action that sets the least or the wanted capacity. Without a schedule it runs once, at `first`."""

    least: int | None
    wanted: int | None
    first: datetime | None
    end: datetime | None
    schedule: Schedule | None

    def last_run(self, until: datetime) -> datetime | None:
        if self.first is not None and self.first > until:
            return None
        run = self.first if self.schedule is None else self.schedule.last_run(until)
        return None if run is None or (self.end is not None and run > self.end) else run


def _aws(case: Case) -> Iterator[Item]:
    """Each group that may have machines, before each sale. Names of groups are unique in a region."""
    actions: dict[tuple[str | None, str], list[_Action]] = {}
    for region, one in case.answers.located(ACTIONS, "ScheduledUpdateGroupActions"):
        if one.get("MinSize") is not None or one.get("DesiredCapacity") is not None:
            actions.setdefault((region, one["AutoScalingGroupName"]), []).append(_action(one))
    groups = list(case.answers.located(GROUPS, "AutoScalingGroups"))
    for sale in _sales(case):
        for region, group in groups:
            if group["MaxSize"] > 0 and is_critical(group.get("Tags")):
                own = actions.get((region, group["AutoScalingGroupName"]), [])
                yield _ready(group["AutoScalingGroupARN"], sale, _raised_by(group, own))


def _action(one: Mapping[str, Any]) -> _Action:
    recurrence = one.get("Recurrence")
    return _Action(
        one.get("MinSize"),
        one.get("DesiredCapacity"),
        _at(one.get("StartTime")),
        _at(one.get("EndTime")),
        parse_cron(recurrence, one.get("TimeZone") or "Etc/UTC") if recurrence else None,
    )


def _at(value: Any) -> datetime | None:
    return instant(value) if value else None


def _raised_by(group: Mapping[str, Any], actions: Sequence[_Action]) -> IsRaised:
    """Raised is what is above the least that it has now or is set to by any action."""
    least = min([group["MinSize"], *(one.least for one in actions if one.least is not None)])
    wanted = min([group["DesiredCapacity"], *(one.wanted for one in actions if one.wanted is not None)])

    def is_raised(at: datetime) -> bool:
        runs = [(run, one) for one in actions if (run := one.last_run(at)) is not None]
        if not runs:
            return False
        last = max(runs, key=lambda found: found[0])[1]
        return bool((last.least or 0) > least or (last.wanted or 0) > wanted)

    return is_raised


def _azure(case: Case) -> Iterator[Item]:
    """Each setting, before each sale. One that is off raises nothing."""
    settings = [one for one in case.answers.items(SETTINGS, "value") if is_critical(one.get("tags"))]
    for sale in _sales(case):
        for one in settings:
            own = one["properties"]
            profiles = own["profiles"] if own.get("enabled", True) else []
            yield _ready(one["id"], sale, _raised_in(profiles))


def _raised_in(profiles: Sequence[Mapping[str, Any]]) -> IsRaised:
    """Dates go before what recurs, and that before the rest; what recurs is in force until something else does.

    Source: Azure Monitor, "Understand autoscale settings", how profiles are chosen.
    """
    least = min((_least(one) for one in profiles), default=0)
    dated = [(*_dates(one["fixedDate"]), one) for one in profiles if one.get("fixedDate")]
    recurring = [(_recurrence(one["recurrence"]), one) for one in profiles if one.get("recurrence")]

    def is_raised(at: datetime) -> bool:
        now = [one for start, end, one in dated if start <= at < end]
        runs = [(run, one) for schedule, one in recurring if (run := schedule.last_run(at)) is not None]
        if not now and runs:
            now = [max(runs, key=lambda found: found[0])[1]]
        return bool(now) and _least(now[0]) > least

    return is_raised


def _least(profile: Mapping[str, Any]) -> int:
    return int(profile["capacity"]["minimum"])


def _dates(fixed: Mapping[str, Any]) -> tuple[datetime, datetime]:
    start, end = (_local(fixed[name], fixed.get("timeZone")) for name in ("start", "end"))
    return start, end


def _local(text: str, zone: str | None) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=_zone(zone))


def _recurrence(recurrence: Mapping[str, Any]) -> Schedule:
    """Those of Azure are weekly."""
    own = recurrence["schedule"]
    days = frozenset(own["days"])
    return Schedule(
        zone=_zone(own.get("timeZone")),
        on_day=lambda day: DAYS[day.weekday()] in days,
        hours=tuple(own["hours"]),
        minutes=tuple(own["minutes"]),
    )


def _zone(name: str | None) -> ZoneInfo:
    """Raises Unread for one that is not known."""
    if (name or "UTC") not in IANA:
        raise Unread(SETTINGS, f"the time zone {name} is not known here")
    return ZoneInfo(IANA[name or "UTC"])


PROCEDURES = (
    Procedure(
        integration=Integration.AWS,
        scope="event",
        operations=(ACTIONS, GROUPS),
        passes="Of each group a scheduled action has raised the capacity 30 minutes before each sale that is near.",
        warns="It is raised less than 30 minutes before.",
        fails="No scheduled action raises it.",
        judge=_aws,
    ),
    Procedure(
        integration=Integration.AZURE,
        scope="event",
        operations=(SETTINGS,),
        passes="In each autoscale setting a profile by schedule has raised the minimum 30 minutes before each sale.",
        warns="It is raised less than 30 minutes before.",
        fails="No profile with a schedule raises it.",
        judge=_azure,
    ),
)
