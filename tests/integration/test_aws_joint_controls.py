"""Controls that look at AWS and at something beside it: the directory, tickets, or what people have told us."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from app.wiring import Backend
from connectors.clouds.aws import registration as aws
from connectors.reading.source import Source
from connectors.systems.jira import registration as jira
from connectors.systems.okta import registration as okta
from domain.compliance.answers import Answers
from domain.compliance.control import Case, Control
from domain.compliance.judging import Judgement, judge
from domain.facts.compliance import CheckStatus, Integration
from domain.facts.credentials import JiraCredentials, OktaCredentials
from jobs.checking.own import own_subjects
from tests.factories.answers import procedure
from tests.factories.aws_changes_beside_others import (
    LEFT,
    SPENT,
    USED,
    Left,
    Spent,
    Used,
    emergency_role,
    person,
    sale,
    spend,
    user,
)
from tests.factories.synthetic_account import context_of
from tests.factories.tenant import Tenant, make_tenant
from tests.fakes.aws import Moto, credentials, moto_for_plays
from tests.fakes.collecting import NOW, reach
from tests.fakes.control_reading import CONTROLS, read_for
from tests.fakes.jira_tickets import JiraTickets
from tests.fakes.okta_cloud import OktaCloud

LEAVERS, EMERGENCIES, SALES = CONTROLS["CW-IAM-09"], CONTROLS["TC-PHI-10"], CONTROLS["PS-TRF-07"]


@pytest.fixture(scope="module")
def running() -> Iterator[Moto]:
    with moto_for_plays() as moto:
        yield moto


@pytest.fixture(scope="module")
async def account(running: Moto) -> AsyncIterator[Source]:
    async with aws.REGISTRATION.open(credentials(running.url), reach()) as opened:
        yield opened


@pytest.fixture
def moto(running: Moto) -> Moto:
    running.reset()
    return running


@pytest.fixture
def directory(shared: Path) -> Iterator[OktaCloud]:
    cloud = OktaCloud(shared / "specs" / "okta.json")
    with cloud.served():
        yield cloud


@pytest.fixture
def tickets(shared: Path) -> Iterator[JiraTickets]:
    site = JiraTickets(shared / "specs" / "jira.json")
    with site.served():
        yield site


@pytest.fixture
async def tenant(backend: Backend) -> Tenant:
    return await make_tenant(backend)


async def read_directory(cloud: OktaCloud) -> Answers:
    given = OktaCredentials(org_url=cloud.url, token=SecretStr("00token"))
    async with okta.REGISTRATION.open(given, reach()) as source:
        return await read_for(LEAVERS, okta.REGISTRATION, source, NOW)


async def read_tickets(site: JiraTickets) -> Answers:
    given = JiraCredentials(site_url=site.url, email="robot@example.com", token=SecretStr("t0"))
    async with jira.REGISTRATION.open(given, reach()) as source:
        return await read_for(EMERGENCIES, jira.REGISTRATION, source, NOW)


async def judged(control: Control, account: Source, *beside: Answers) -> Judgement:
    """What the control says of the account as it is read now, beside what else is connected."""
    answers = await read_for(control, aws.REGISTRATION, account, NOW)
    case = Case(answers=answers, parameters=control.parameters, now=NOW, connected=(answers, *beside))
    # Our own records are read by this loop when the procedure asks for them.
    return await asyncio.to_thread(judge, procedure(control, Integration.AWS), case)


def said(judgement: Judgement) -> tuple[CheckStatus, str]:
    """The status with what was observed, or with why nothing was."""
    observed = "; ".join(item.observed for item in judgement.items)
    return judgement.status, judgement.problem or observed


@pytest.mark.parametrize("left", LEFT, ids=lambda one: f"{one.status}-{one.make.__name__}")
async def test_users_of_aws_are_compared_with_the_directory(moto: Moto, account, directory, left: Left):
    left.make(moto)
    person(directory, left.hours)

    judgement = await judged(LEAVERS, account, await read_directory(directory))

    assert directory.broken == []
    assert said(judgement) == (left.status, left.said)


async def test_without_a_directory_nobody_is_known_to_have_left(moto: Moto, account):
    user(moto)

    status, what = said(await judged(LEAVERS, account))

    assert status is CheckStatus.NOT_ASSESSED
    assert "no directory is connected to compare with" in what


async def test_without_all_users_of_aws_nothing_is_said_of_leavers(moto: Moto, account, directory):
    user(moto)
    person(directory, 30)
    moto.deny("identitystore.ListUsers")

    judgement = await judged(LEAVERS, account, await read_directory(directory))

    assert (judgement.status, judgement.items) == (CheckStatus.ERROR, ())
    assert "The permission identitystore:ListUsers is missing." in str(judgement.problem)


@pytest.mark.parametrize("used", USED, ids=lambda one: f"{one.status}-{one.said}")
async def test_the_use_of_a_role_for_emergencies_is_compared_with_tickets(moto: Moto, account, tickets, used: Used):
    at = None if used.hours is None else NOW - timedelta(hours=used.hours)
    emergency_role(moto, at)
    if used.make:
        used.make(tickets, at or NOW)
    beside = [await read_tickets(tickets)] if used.make else []

    status, what = said(await judged(EMERGENCIES, account, *beside))

    assert tickets.broken == []
    assert status is used.status
    assert used.said in what


async def test_without_the_events_nothing_is_said_of_roles_for_emergencies(moto: Moto, account, tickets):
    emergency_role(moto, NOW - timedelta(hours=100))
    moto.deny("cloudtrail.LookupEvents")

    judgement = await judged(EMERGENCIES, account, await read_tickets(tickets))

    assert (judgement.status, judgement.items) == (CheckStatus.ERROR, ())
    assert "The permission cloudtrail:LookupEvents is missing." in str(judgement.problem)


@pytest.mark.parametrize("spent", SPENT, ids=lambda one: one.status)
async def test_spending_is_compared_with_the_week_before_a_declared_sale(
    moto: Moto, account, backend: Backend, tenant: Tenant, spent: Spent
):
    if spent.amount is not None:
        spend(moto, spent.amount)
    if spent.is_declared:
        await sale(tenant.organization.id).insert()
    ours, _ = own_subjects(context_of(backend), tenant.scope, NOW)

    status, what = said(await judged(SALES, account, ours.answers))

    assert status is spent.status
    assert spent.said in what


async def test_without_costs_nothing_is_said_of_a_sale(moto: Moto, account, backend: Backend, tenant: Tenant):
    await sale(tenant.organization.id).insert()
    moto.deny("ce.GetCostAndUsage")
    ours, _ = own_subjects(context_of(backend), tenant.scope, NOW)

    judgement = await judged(SALES, account, ours.answers)

    assert (judgement.status, judgement.items) == (CheckStatus.ERROR, ())
    assert "The permission ce:GetCostAndUsage is missing." in str(judgement.problem)
