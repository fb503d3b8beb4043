"""Azure's JSON as resources, and what is asked about them."""

from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.clouds.azure import (
    application,
    call,
    cost,
    database,
    directory,
    monitor,
    network,
    security,
    shape,
    subscription,
    vault,
)
from connectors.reading.listing import Place
from domain.facts.resource import ResourceKind
from tests.fakes.azure import ADVICE, ROOT, SUBSCRIPTION

NOW = datetime(2026, 3, 5, 14, 20, 33, tzinfo=UTC)
PLACE = Place(account_id=SUBSCRIPTION, region=None, now=NOW)
DISK = {
    "id": f"{ROOT}/resourceGroups/RG-One/providers/Microsoft.Compute/disks/d1",
    "name": "d1",
    "etag": "W/1",
    "location": "West Europe",
    "tags": {"cost": 7},
    "properties": {"timeCreated": "2026-01-02T03:04:05.1234567+00:00"},
}


def disk(**fields: Any) -> Any:
    return shape.parsed(ResourceKind.AZURE_DISK)({**DISK, **fields}, {"metrics": [1]}, PLACE)


def test_a_thing_keeps_its_fields_and_the_letters_of_its_id() -> None:
    found = disk()

    assert (found.native_id, found.name, found.region) == (DISK["id"], "d1", "westeurope")
    assert found.tags == {"cost": "7"}
    assert found.config == {**{key: DISK[key] for key in DISK if key != "etag"}, "metrics": [1]}
    assert found.created_at == datetime(2026, 1, 2, 3, 4, 5, 123456, tzinfo=UTC)


@pytest.mark.parametrize("location", ["global", "Global", "", None])
def test_what_is_everywhere_has_no_region(location: str | None) -> None:
    assert disk(location=location).region is None


def test_a_part_stands_where_its_whole_does() -> None:
    found = shape.parsed(ResourceKind.AZURE_SQL_DATABASE)(
        {"id": "/x/databases/sales"}, {}, PLACE.under({"location": "north europe"}).under({"id": "no location"})
    )

    assert (found.name, found.region) == ("sales", "northeurope")  # type: ignore[union-attr]  # never None


@pytest.mark.parametrize(
    ("fields", "created"),
    [
        ({"properties": {"creationTime": "2026-01-02T00:00:00Z"}}, datetime(2026, 1, 2, tzinfo=UTC)),
        ({"properties": {"createdDate": "2026-01-02T00:00:00"}}, datetime(2026, 1, 2, tzinfo=UTC)),
        # A key of a vault counts seconds, in other places.
        ({"properties": {"createdAt": 1482349867}}, None),
        ({"properties": None, "systemData": {"createdAt": "2026-01-02T00:00:00Z"}}, datetime(2026, 1, 2, tzinfo=UTC)),
        ({"properties": {}}, None),
    ],
)
def test_when_it_was_made_is_found_where_the_services_write_it(fields: Any, created: datetime | None) -> None:
    assert disk(**fields).created_at == created


def test_a_time_that_is_none_is_an_error() -> None:
    with pytest.raises(ValueError, match="Invalid isoformat"):
        shape.moment("yesterday")


def test_things_of_the_directory_are_called_by_what_is_set() -> None:
    parse = shape.entra(ResourceKind.ENTRA_USER, "userPrincipalName", "displayName")

    named = parse({"id": "1", "userPrincipalName": None, "displayName": "Ann"}, {}, PLACE)
    bare = parse({"id": "2", "createdDateTime": "2026-01-02T00:00:00Z"}, {}, PLACE)

    assert named is not None
    assert bare is not None
    assert (named.name, bare.name) == ("Ann", "2")
    assert bare.created_at == datetime(2026, 1, 2, tzinfo=UTC)


def test_secrets_are_taken_out_however_deep_they_stand() -> None:
    answer = {"value": [{"keep": 1, "deep": [{"sig": "x", "keep": 2}]}], "sig": "y"}

    assert call.without("sig")(answer) == {"value": [{"keep": 1, "deep": [{"keep": 2}]}]}
    assert network.HIDDEN({"value": [{"sharedKey": "x", "name": "n"}]}) == {"value": [{"name": "n"}]}
    assert vault.without_values({"value": [{"id": "s1", "properties": {"value": "x"}}]}) == {
        "value": [{"id": "s1", "properties": {}}]
    }


def test_a_policy_of_an_interface_is_kept_by_name() -> None:
    text = '<policies><inbound><base /><validate-content key="hush"/></inbound></policies>'

    found = application.policy_names({"value": [{"id": "p", "name": "policy", "properties": {"value": text}}, {}]})

    assert found["value"] == [
        {"id": "p", "name": "policy", "policies": ["base", "inbound", "policies", "validate-content"]},
        {"id": None, "name": None, "policies": []},
    ]


@pytest.mark.parametrize(
    ("sku", "asked"),
    [
        ({"tier": "DataWarehouse"}, "connection_successful"),
        ({"tier": "Standard"}, "dtu_consumption_percent"),
        ({"tier": "GeneralPurpose"}, "cpu_percent"),
        (None, "cpu_percent"),
    ],
)
def test_a_database_is_asked_for_the_figures_of_its_tier(sku: Any, asked: str) -> None:
    assert database.figures({"sku": sku}) == asked


def test_figures_span_whole_hours() -> None:
    detail = monitor.metrics(lambda _: "cpu_percent", days=14, below="/part", query={"$filter": "f"})

    assert detail.arguments({"id": "/x"}, PLACE) == {
        "id": "/x/part",
        "metricnames": "cpu_percent",
        "timespan": "2026-02-19T14:00:00Z/2026-03-05T14:00:00Z",
        "interval": "PT1H",
        "aggregation": "Average,Maximum,Total",
        "$filter": "f",
    }


def test_costs_are_asked_from_the_first_of_last_month() -> None:
    asked = cost.costs(PLACE)

    assert asked["timePeriod"] == {"from": "2026-02-01T00:00:00Z", "to": "2026-03-05T23:59:59Z"}
    assert cost.costs(Place(account_id="a", region=None, now=datetime(2026, 1, 1, tzinfo=UTC)))["timePeriod"] == {
        "from": "2025-12-01T00:00:00Z",
        "to": "2026-01-01T23:59:59Z",
    }


def test_a_recommended_reservation_is_priced_as_it_would_be_bought() -> None:
    assert cost.purchase(ADVICE, PLACE) == {
        "sku": {"name": "Standard_DS1_v2"},
        "location": "westeurope",
        "properties": {
            "reservedResourceType": "virtualMachines",
            "billingScopeId": ROOT,
            "term": "P1Y",
            "billingPlan": "Monthly",
            "quantity": 3,
            "displayName": "price",
            "appliedScopeType": "Shared",
        },
    }


@pytest.mark.parametrize(
    ("item", "worth"),
    [
        (ADVICE, True),
        ({**ADVICE, "sku": {"name": "Standard_DS1_v2"}}, True),
        ({**ADVICE, "sku": None}, False),
        ({"properties": {"netSavings": {"value": 3.5}, "recommendedQuantity": 1, "skuName": "B"}}, True),
        ({"properties": {"netSavings": -2, "recommendedQuantity": 1, "skuName": "B"}}, False),
        ({"properties": {"netSavings": 5, "skuName": "B"}}, False),
        ({}, False),
    ],
)
def test_a_price_is_asked_only_for_what_saves_something(item: Any, worth: bool) -> None:
    assert cost.is_worth_it(item) is worth


def test_a_recommendation_is_called_by_its_problem() -> None:
    named = cost.advice({"id": "/r/1", "properties": {"shortDescription": {"problem": "Idle machine"}}}, {}, PLACE)
    bare = cost.advice({"id": "/r/2", "properties": {}}, {}, PLACE)

    assert named is not None
    assert bare is not None
    assert (named.name, bare.name) == ("Idle machine", "2")


def test_restores_are_asked_for_as_far_back_as_controls_look() -> None:
    jobs = next(one for one in security.LISTINGS if "vaults" in one.operation.name).children[1]

    asked = jobs.arguments(PLACE.under({"id": "/v"}))

    assert asked == {
        "id": "/v",
        # 121 days earlier: one of 120 days is told from none.
        "$filter": "operation eq 'Restore' and startTime eq '2025-11-04 02:20:33 PM'"
        " and endTime eq '2026-03-05 02:20:33 PM'",
    }


def test_only_roles_of_the_customer_are_kept() -> None:
    role = {"id": "/r/1", "name": "guid", "properties": {"type": "CustomRole", "roleName": "Ops"}}

    kept = security.custom_role(role, {}, PLACE)

    assert kept is not None
    assert kept.name == "Ops"
    assert security.custom_role({**role, "properties": {"type": "BuiltInRole"}}, {}, PLACE) is None


def test_the_state_of_a_policy_is_the_same_the_next_day() -> None:
    state = {"resourceId": "/x/vm1", "policyAssignmentId": "a", "policyDefinitionId": "p", "resourceLocation": ""}

    first, second = (security.policy_state({**state, "timestamp": day}, {}, PLACE) for day in ("1", "2"))

    assert first == second
    assert (first.native_id, first.name, first.region) == ("/x/vm1|a|p|", "vm1", None)


def test_regions_are_those_where_machines_stand() -> None:
    locations = [
        {"name": "westeurope", "metadata": {"regionType": "Physical"}},
        {"name": "europe", "metadata": {"regionType": "Logical"}},
        {"name": "odd"},
    ]

    assert subscription.open_regions(locations) == ("westeurope",)


@pytest.mark.parametrize(
    ("plans", "premium"),
    [
        ([{"servicePlanId": "41781fb2-bc02-4b7c-bd55-b576c07bb09d", "capabilityStatus": "Enabled"}], True),
        ([{"servicePlanId": "eec0eb4f-6444-4f95-aba0-50c24d67f998", "capabilityStatus": "Warning"}], True),
        ([{"servicePlanId": "41781fb2-bc02-4b7c-bd55-b576c07bb09d", "capabilityStatus": "Deleted"}], False),
        ([{"servicePlanId": "other", "capabilityStatus": "Enabled"}], False),
        (None, False),
    ],
)
def test_a_plan_counts_while_it_is_in_force(plans: Any, premium: bool) -> None:
    assert directory.is_premium({"assignedPlans": plans}) is premium
