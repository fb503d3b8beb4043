"""What the clouds recommend to commit to, read from stand-ins of them by the connectors, is understood."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connectors.clouds.aws import purchase
from connectors.clouds.aws import registration as aws
from connectors.clouds.azure import cost
from connectors.clouds.azure import registration as azure
from connectors.clouds.gcp import recommender
from connectors.clouds.gcp import registration as gcp
from connectors.clouds.gcp import source as gcp_source
from connectors.reading.listing import Listing
from connectors.reading.source import Registration
from domain.commitments.offers import RATE_STEP
from domain.commitments.recommendation import Recommended
from domain.commitments.recommended import recommended
from tests.factories.aws_faults_of_commitments import databases_to_reserve, machines_to_reserve, plan_to_buy
from tests.factories.azure_faults import plan_advised, reservation_advised
from tests.factories.gcp_faults import steady_machines
from tests.fakes import google
from tests.fakes.aws import Moto
from tests.fakes.aws import credentials as of_aws
from tests.fakes.azure import credentials as of_azure
from tests.fakes.azure_effects import new_cloud
from tests.fakes.collecting import survey
from tests.fakes.google_cloud import GoogleCloud
from tests.fakes.google_state import REGION

MONTH = Decimal(730)


async def understood(registration: Registration, credentials: Any, listings: Sequence[Listing]) -> list[Recommended]:
    """What is read of these listings, as far as it is about commitments."""
    collected, report = await survey(registration, credentials, listings)
    assert not report.gaps, report.gaps
    found = [recommended(one.native_id, one.config) for one in collected.found]
    return [one for one in found if one is not None]


async def test_cost_explorer_recommends_a_plan_and_reservations() -> None:
    with Moto().served() as moto:
        moto.reset()
        plan_to_buy(moto)
        machines_to_reserve(moto)

        found = await understood(aws.REGISTRATION, of_aws(moto.url), purchase.LISTINGS)

        databases_to_reserve(moto)
        later = await understood(aws.REGISTRATION, of_aws(moto.url), purchase.LISTINGS)

    by_offer = {one.offer: one for one in (*found, *later)}
    plan, machine = by_offer["Compute Savings Plan"], by_offer["EC2 Reserved Instances"]
    database = by_offer["RDS reserved DB instances"]
    assert (plan.pool, plan.months, plan.payment) == ("aws-compute", 12, "No Upfront")
    assert (plan.hourly, plan.saving) == (Decimal("2.5"), Decimal("400.5"))
    # 2.50 an hour, of which 99.1 % are used, and 400.50 a month saved beside them.
    exact = 1 - Decimal("2.5") * MONTH * Decimal("0.991") / (Decimal("2.5") * MONTH + Decimal("400.5"))
    assert plan.discount_ratio == exact.quantize(RATE_STEP)
    assert (machine.family, machine.region, machine.saving) == ("m5", "us-east-1", Decimal("80.5"))
    assert (machine.hourly, machine.rate) == (None, None)
    assert (database.pool, database.family) == ("aws-database", "db.r5")


async def test_azure_recommends_a_plan_and_a_reservation(shared: Path) -> None:
    cloud = new_cloud(shared / "specs" / "azure.json")
    plan_advised(cloud)
    reservation_advised(cloud)

    with cloud.served() as server:
        found = await understood(azure.REGISTRATION, of_azure(server.url), cost.LISTINGS[:3])

    reservation, plan = sorted(found, key=lambda one: one.offer)
    assert (plan.pool, plan.months, plan.currency, plan.hourly) == ("azure-compute", 12, "USD", Decimal("0.85"))
    # 0.85 in 720 hours, of which 97 % are used, and 120 saved beside them.
    assert plan.discount_ratio == (1 - 612 * Decimal("0.97") / 732).quantize(RATE_STEP)
    assert (reservation.family, reservation.region) == ("Dsv3", "westeurope")
    assert reservation.saving == Decimal("57.5") * Decimal("30.4167") / 30
    assert reservation.hourly is not None


async def test_google_recommends_cores_and_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gcp_source, "FOLLOWED_EVERY", timedelta())
    with GoogleCloud().served() as cloud:
        cloud.reset()
        steady_machines(cloud)

        (one,) = await understood(gcp.REGISTRATION, google.credentials(cloud.url), recommender.LISTINGS)

    assert (one.pool, one.offer, one.months) == ("gcp-compute", "Resource-based commitment", 12)
    assert (one.family, one.region, one.currency, one.rate) == ("N2", REGION, "USD", None)
    assert one.saving is not None
