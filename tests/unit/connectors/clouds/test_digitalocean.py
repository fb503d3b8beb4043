from datetime import UTC, datetime, timedelta

import pytest

from connectors.clouds.digitalocean import account, calls, compute, data, measure, parse, registration, source
from connectors.reading.listing import Place
from connectors.rest.paging import Reply, Request
from connectors.rest.values import labels, moment, without
from domain.errors import CutShort, Throttled
from domain.facts.resource import ResourceKind
from tests.fakes.digitalocean import metric, series

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
PLACE = Place(account_id="team-1", region=None, now=NOW)


def test_every_scope_is_a_read_scope_of_its_own_name():
    api = [one for one in registration.REGISTRATION.operations if one.service == calls.API]

    assert {scope.partition(":")[2] for one in api for scope in one.permissions} == {"read"}


def test_what_is_billed_is_read_once_a_day_and_nothing_else_is():
    billing = {one.name for one in registration.REGISTRATION.operations if one.permissions == ("billing:read",)}
    daily = [one for one in registration.REGISTRATION.listings if one.is_about_costs]

    assert {operation.name for one in daily for operation in one.operations} == billing


def test_measures_are_no_changes_of_what_is_measured():
    droplets = next(one for one in registration.REGISTRATION.listings if one.operation.name == "GET /v2/droplets")

    measured = {one.key for one in droplets.details if "/metrics/" in one.operation.name}

    assert droplets.volatile == measured


@pytest.mark.parametrize(
    ("item", "region"),
    [
        ({"region": {"slug": "fra1"}}, "fra1"),
        ({"region": "nyc1"}, "nyc1"),
        ({"regions": ["ams3"]}, "ams3"),
        ({"regions": ["ams3", "fra1"]}, None),
        ({"region": None}, None),
        ({}, None),
    ],
)
def test_region_is_read_in_each_of_its_forms(item, region):
    assert parse.region_of(item) == region


def test_thing_without_a_name_goes_by_its_id():
    parsed = parse.parse_as(ResourceKind.DIGITALOCEAN_RESERVED_IP, key="ip")({"ip": "192.0.2.1"}, {"key": 1}, PLACE)

    assert parsed is not None
    assert (parsed.native_id, parsed.name, parsed.config) == ("192.0.2.1", "192.0.2.1", {"ip": "192.0.2.1", "key": 1})


@pytest.mark.parametrize(
    ("item", "name"),
    [
        ({"email": "a@example.com", "name": "Ann", "team": {"name": "Shop"}}, "Shop"),
        ({"email": "a@example.com", "name": "Ann"}, "Ann"),
        ({"email": "a@example.com"}, "a@example.com"),
    ],
)
def test_team_is_named_by_the_best_that_is_known(item, name):
    assert parse.parse_team(item, {}, PLACE).name == name


def test_percentiles_are_by_nearest_rank():
    # Of 1 to 200 the 1st, 50th, 95th and 99th per cent are reached at the 2nd, 100th, 190th and 198th value.
    found = measure.summary(range(1, 201))

    assert found == {"points": 200, "min": 1, "mean": 100.5, "p01": 2, "p50": 100, "p95": 190, "p99": 198, "max": 200}


def test_measure_without_points_says_only_that():
    assert measure.gauge([metric()]) == {"points": 0}


def test_busy_share_leaves_out_a_restart():
    # 50 of 100 s busy; then the counters begin again; then 25 of 100 s.
    idle, user = series(0, 50, 10, 85, mode="idle"), series(0, 50, 5, 30, mode="user")

    found = measure.busy([metric(idle, user)])

    assert (found["points"], found["min"], found["max"]) == (2, 25, 50)


def test_values_of_variables_are_taken_out_and_their_kind_stays():
    app = {"spec": {"services": [{"envs": [{"key": "A", "type": "GENERAL", "value": "s"}], "value": 1}]}}

    hidden = compute.hide_app({"apps": [app], "token": "t"})

    assert hidden == {"apps": [{"spec": {"services": [{"envs": [{"key": "A", "type": "GENERAL"}], "value": 1}]}}]}


def test_action_that_switched_a_droplet_off_may_be_further_back():
    assert compute.last_power_off([{"actions": [{"type": "snapshot"}]}]) is None


def test_scan_carries_the_findings_of_all_pages():
    pages = [{"scan": {"id": 1, "findings": [1]}}, {"scan": {"id": 1, "findings": [2]}}]

    assert account.newest_scan(pages) == {"id": 1, "findings": [1, 2]}


def test_daily_costs_begin_a_little_before_the_last_read():
    since = Place(account_id="team-1", region=None, now=NOW, since=NOW - timedelta(days=1))

    assert account.insights_since(since)["start_date"] == "2026-11-22"
    assert account.insights_since(PLACE)["start_date"] == "2026-10-27"


def test_list_that_is_none_raises():
    with pytest.raises(TypeError):
        calls.listed("vpcs")({"vpcs": {"id": 1}})


def test_lifecycle_without_its_rules_raises():
    with pytest.raises(KeyError):
        data.rules([{}])


def reply(status: int = 200, body: object = None, **headers: str) -> Reply:
    return Reply(status=status, headers={key.replace("_", "-"): value for key, value in headers.items()}, body=body)


REQUEST = Request(method="GET", url="https://api.digitalocean.com/v2/x")


def test_throttling_lasts_until_the_limit_is_set_back():
    operation = calls.get("/v2/x", "x:read")
    reset = str(int(NOW.timestamp()) + 40)

    found = source.refusal(lambda: NOW)(reply(429, ratelimit_reset=reset), operation)

    assert isinstance(found, Throttled)
    assert found.retry_after == timedelta(seconds=40)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [({"retry_after": "7", "ratelimit_reset": "0"}, 7), ({"ratelimit_reset": "1"}, 0), ({}, None)],
)
def test_wait_is_what_is_named_and_never_negative(headers, seconds):
    found = source.wait_of(reply(429, **headers), NOW)

    assert found == (None if seconds is None else timedelta(seconds=seconds))


def test_costs_that_do_not_count_their_pages_are_cut_short():
    with pytest.raises(CutShort):
        source.next_number(REQUEST, reply(body={"data_points": []}))


def test_list_with_the_newest_first_goes_on_while_dates_are_missing():
    following = "https://api.digitalocean.com/v2/x?page=2"
    body = {"actions": [{"started_at": None}], "links": {"pages": {"next": following}}}

    found = source.until("actions", "started_at", NOW)(REQUEST, reply(body=body))

    assert found is not None
    assert found.query == {"page": "2"}
    assert source.until("actions", "started_at", NOW)(REQUEST, reply(body={"actions": []})) is None


def test_times_are_utc_however_they_are_written():
    assert moment("2026-01-01T02:00:00+02:00") == datetime(2026, 1, 1, tzinfo=UTC)
    assert moment("2026-01-01T00:00:00") == datetime(2026, 1, 1, tzinfo=UTC)
    assert moment("2020-03-13T19:20:47.442049222Z") == datetime(2020, 3, 13, 19, 20, 47, 442049, tzinfo=UTC)
    assert moment("") is None


def test_tags_and_hidden_keys():
    assert labels(["environment:production", "web"]) == {"environment": "production", "web": ""}
    assert labels(None) == {}
    assert without([{"a": 1, "b": {"a": 2, "c": 3}}], ("a",)) == [{"b": {"c": 3}}]


def test_measure_tells_on_how_many_days_there_were_values():
    # The first three values are of the first day, the fourth is of the third.
    points = {"metric": {}, "values": [[0, "1"], [3600, "2"], [86399, "3"], [2 * 86400, "4"]]}

    found = measure.gauge([metric(points)])

    assert (found["points"], found["days"]) == (4, 2)
