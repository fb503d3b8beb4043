"""How answers of Google Cloud are read: names, places, times, secrets, what is missing from a list."""

from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.clouds.gcp import location, parsing, recommender, secret, unreachable, watching
from connectors.reading.listing import Place
from domain.facts.resource import Resource, ResourceKind

PLACE = Place(account_id="p1", region=None, now=datetime(2026, 11, 26, tzinfo=UTC))
V1 = "https://www.googleapis.com/compute/v1/projects/p1"


def disk(**fields: Any) -> Resource:
    found = parsing.compute(ResourceKind.GCP_DISK, "disks")({"name": "d1", **fields}, {}, PLACE)
    assert found is not None
    return found


def test_a_thing_of_compute_engine_is_named_by_its_link_without_the_server() -> None:
    found = disk(
        selfLink=f"{V1}/zones/us-central1-a/disks/d1",
        zone=f"{V1}/zones/us-central1-a",
        labels={"team": "web"},
        creationTimestamp="2026-11-01T08:00:00.000-07:00",
    )

    assert found.native_id == "//compute.googleapis.com/projects/p1/zones/us-central1-a/disks/d1"
    assert (found.name, found.region, found.tags) == ("d1", "us-central1-a", {"team": "web"})
    assert found.created_at == datetime(2026, 11, 1, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("fields", "scope"),
    [
        ({"zone": f"{V1}/zones/us-east1-b"}, "zones/us-east1-b"),
        ({"region": f"{V1}/regions/us-east1"}, "regions/us-east1"),
        ({}, "global"),
    ],
)
def test_without_a_link_the_name_is_put_together(fields: dict[str, str], scope: str) -> None:
    assert disk(**fields).native_id == f"//compute.googleapis.com/projects/p1/{scope}/disks/d1"


@pytest.mark.parametrize(
    ("name", "region"),
    [
        ("projects/p1/locations/europe-west1/keyRings/k", "europe-west1"),
        ("projects/p1/locations/global/keyRings/k", None),
        ("projects/p1/keyRings/locations", None),
    ],
)
def test_the_location_is_read_off_the_name(name: str, region: str | None) -> None:
    found = parsing.named(ResourceKind.GCP_KEY_RING, "cloudkms.googleapis.com")({"name": name}, {}, PLACE)

    assert found is not None
    assert (found.native_id, found.region) == (f"//cloudkms.googleapis.com/{name}", region)


def test_details_stand_beside_the_provider_s_own_fields_and_a_time_without_zone_is_utc() -> None:
    parse = parsing.resources(ResourceKind.GCP_SQL_INSTANCE, lambda item, _: "//x/y", labels="settings.userLabels")
    item = {"name": "db", "settings": {"userLabels": {"env": "prod"}}, "createTime": "2026-10-01T00:00:00"}

    found = parse(item, {"backup_runs": []}, PLACE)

    assert found is not None
    assert found.config == {**item, "backup_runs": []}
    assert (found.tags, found.created_at) == ({"env": "prod"}, datetime(2026, 10, 1, tzinfo=UTC))


def test_labels_of_another_shape_are_not_read_as_none() -> None:
    with pytest.raises(AttributeError):
        disk(labels=["team"])


def test_secrets_are_taken_out_and_the_names_of_settings_stay() -> None:
    answer = {
        "nodePools": [{"config": {"metadata": {"disable-legacy-endpoints": "true", "token": "s1"}}}],
        "nodeConfig": {"metadata": {"token": "s2"}, "machineType": "e2"},
        "masterAuth": {"password": "s3", "clientKey": "s4", "username": "admin"},
        "containers": [{"env": [{"name": "KEY", "value": "s5"}, {"name": "REF", "valueFrom": {}}, "odd"]}],
        "environmentVariables": {"KEY": "s6"},
        "pushConfig": {"pushEndpoint": "https://example.com/push?token=s7"},
        "other": {"pushEndpoint": "https://example.com/push", "password": ""},
        "metadata": {"items": [{"key": "enable-oslogin", "value": "TRUE"}, {"key": "k", "value": "s8"}]},
        "nothing": {"metadata": {"items": None}},
    }

    assert secret.hide(answer) == {
        "nodePools": [{"config": {"metadata": {"disable-legacy-endpoints": "true", "token": secret.HIDDEN}}}],
        "nodeConfig": {"metadata": {"token": secret.HIDDEN}, "machineType": "e2"},
        "masterAuth": {"password": secret.HIDDEN, "clientKey": secret.HIDDEN, "username": "admin"},
        "containers": [{"env": [{"name": "KEY", "value": secret.HIDDEN}, {"name": "REF", "valueFrom": {}}, "odd"]}],
        "environmentVariables": {"KEY": secret.HIDDEN},
        "pushConfig": {"pushEndpoint": f"https://example.com/push?{secret.HIDDEN}"},
        "other": {"pushEndpoint": "https://example.com/push", "password": ""},
        "metadata": {"items": [{"key": "enable-oslogin", "value": "TRUE"}, {"key": "k", "value": secret.HIDDEN}]},
        "nothing": {"metadata": {"items": []}},
    }


@pytest.mark.parametrize(
    ("answer", "lacking"),
    [
        ({"unreachables": ["zones/a"]}, {"zones/a"}),
        ({"unreachable": ["projects/p/locations/b"]}, {"projects/p/locations/b"}),
        ({"missingZones": ["us-east1-c"]}, {"us-east1-c"}),
        ({"unreachableLocations": ["europe-west9"]}, {"europe-west9"}),
        ({"warnings": [{"code": "REGION_UNREACHABLE", "region": "us-east1"}]}, {"us-east1"}),
        ({"warning": {"code": "UNREACHABLE", "message": "Some zone."}}, {"Some zone."}),
        ({"warning": {"code": "UNREACHABLE"}}, {"UNREACHABLE"}),
        ({"items": {"zones/a": {"warning": {"code": "UNREACHABLE"}}, "zones/b": "odd"}}, {"zones/a"}),
        ({"items": {"zones/a": {"warning": {"code": "NO_RESULTS_ON_PAGE"}}}}, set()),
        ({"items": [], "unreachable": None}, set()),
        ([], set()),
    ],
)
def test_what_an_answer_could_not_reach_is_found(answer: Any, lacking: set[str]) -> None:
    assert unreachable.unreachable_in(answer) == lacking


def test_locations_in_use_are_widened_to_their_regions_and_to_global() -> None:
    assert location.widened(["us-central1-a", "US", "NAM4", "europe-west1"]) == (
        "europe-west1",
        "global",
        "us",
        "us-central1",
        "us-central1-a",
    )


def test_places_are_told_apart() -> None:
    assert [recommender.where(one) for one in ("us-central1-a", "us-central1", "eu", "global")] == [
        recommender.Where.ZONE,
        recommender.Where.REGION,
        recommender.Where.REGION,
        recommender.Where.GLOBAL,
    ]
    regions = ("eu", "global", "us-central1", "us-central1-a")
    assert list(watching.zones(PLACE, regions)) == [{"location": "us-central1-a"}]
    assert [one["location"] for one in watching.areas(PLACE, regions)] == ["europe", "global", "us-central1"]


def test_every_list_tells_where_its_things_lie() -> None:
    answers = {
        "compute.v1:instances.aggregatedList": {"items": {"zones/z-a1-a": {"instances": [{}]}, "zones/b": {}}},
        "compute.v1:disks.aggregatedList": {"items": {"regions/r": {"disks": [{}]}}},
        "compute.v1:addresses.aggregatedList": {"items": None},
        "sqladmin.v1:instances.list": {"items": [{"region": "sql"}]},
        "storage.v1:buckets.list": {"items": [{"location": "US"}]},
        "bigquery.v2:datasets.list": {"datasets": [{"location": "EU"}]},
        "container.v1:projects.locations.clusters.list": {"clusters": [{"location": "k"}]},
        "cloudfunctions.v2:projects.locations.functions.list": {
            "functions": [{"name": "projects/p1/locations/fn/functions/f"}]
        },
        "run.v1:projects.locations.services.list": {
            "items": [{"metadata": {"labels": {"cloud.googleapis.com/location": "run"}}}]
        },
    }

    found = {operation.name: list(names(answers[operation.name])) for operation, _, names in location.USED}

    assert [name for names in found.values() for name in names] == ["z-a1-a", "r", "sql", "US", "EU", "k", "fn", "run"]
