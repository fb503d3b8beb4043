"""Faults are made in an organization of Okta, found, mended, looked at again, and taken back."""

import json
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm
from pydantic import SecretStr

from app.wiring import Backend
from connectors.reading.source import Source
from connectors.systems.okta import registration
from domain.facts.credentials import OktaCredentials
from domain.rules.registry import all_rules
from tests.factories.graph import Graph
from tests.factories.okta_faults import FAULTS, Fault, absent_user
from tests.factories.remediation_house import Household, make_household
from tests.factories.remedies import kept_of, reached_of
from tests.fakes.collecting import reach
from tests.fakes.okta_cloud import OktaCloud
from tests.fakes.playing import Play
from tests.fakes.playing_by_jobs import ByJobs
from tests.fakes.scripted import Answered, Asked, scripted
from tests.fakes.trying import TriedTwice, play_out

REGISTRATION = registration.REGISTRATION


@pytest.fixture(scope="module")
def running(shared: Path) -> Iterator[OktaCloud]:
    cloud = OktaCloud(shared / "specs" / "okta.json")
    with cloud.served():
        yield cloud


@pytest.fixture(scope="module")
async def source(running: OktaCloud) -> AsyncIterator[Source]:
    async with REGISTRATION.open(OktaCredentials(org_url=running.url, token=SecretStr("00token")), reach()) as opened:
        yield opened


@pytest.fixture
def cloud(running: OktaCloud) -> OktaCloud:
    running.reset()
    return running


@pytest.fixture
async def household(backend: Backend, graph: Graph, running: OktaCloud) -> Household:
    return await make_household(
        backend, graph, REGISTRATION.provider, OktaCredentials(org_url=running.url, token=SecretStr("00token"))
    )


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.id)
async def test_fault_is_found_mended_verified_and_taken_back(fault: Fault, cloud, source, household):
    play = ByJobs(
        REGISTRATION, source, fault.rule_id, later=timedelta(), parameters=fault.parameters, household=household
    )

    await play_out(play, fault, cloud)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.id)
async def test_a_second_try_of_each_step_comes_to_the_same(fault: Fault, cloud, source):
    play = TriedTwice(REGISTRATION, source, fault.rule_id, later=timedelta(), parameters=fault.parameters)

    await play_out(play, fault, cloud)


def test_each_rule_is_played():
    assert {fault.rule_id for fault in FAULTS} == {rule.id for rule in all_rules() if rule.id.startswith("okta-")}


async def test_service_app_asks_for_the_scope_of_a_call_when_it_makes_it(cloud):
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    jwk = {**json.loads(RSAAlgorithm.to_jwk(private)), "kid": "k1", "alg": "RS256"}
    issued: list[str] = []

    def script(asked: Asked) -> Answered:
        if asked.path != "/oauth2/v1/token":
            return cloud(asked)
        issued.extend(parse_qs(asked.text)["scope"])
        return Answered({"access_token": f"bearer-{len(issued)}", "expires_in": 3600})

    with scripted(script) as okta:
        credentials = OktaCredentials(org_url=okta.url, client_id="0oa9", private_key=SecretStr(json.dumps(jwk)))
        async with REGISTRATION.open(credentials, reach()) as source:
            play = Play(REGISTRATION, source, "okta-user-inactive", later=timedelta())
            await play.undo(await play.mend(absent_user(cloud)))

    reading, acting = issued
    assert "manage" not in reading
    assert acting == "okta.users.manage"
    written = {one.headers["authorization"] for one in okta.asked if "/lifecycle/" in one.path}
    assert written == {"Bearer bearer-2"}


def test_what_is_reached_here_is_what_the_page_of_rules_says() -> None:
    rules = {fault.rule_id for fault in FAULTS}

    assert reached_of(rules) == kept_of(rules), "run `make remedies`, then `make rules`, and read the difference"
