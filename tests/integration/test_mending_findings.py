"""Which open finding would mend what a check has found: by the very names of both, and in as many reads for many."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from beanie import PydanticObjectId

import documents
from app.wiring import Backend
from documents.mending_finding import Faulty, findings_that_mend
from domain.facts.compliance import Integration
from domain.facts.finding import FindingState
from domain.rules.registry import get_rule
from tests.factories.tenant import Tenant, make_tenant
from tests.integration.recorded import Commands, recorded

NOW = datetime(2026, 6, 1, tzinfo=UTC)
ACCOUNT, OTHER_ACCOUNT = PydanticObjectId(), PydanticObjectId()
OPEN_GROUP = "port 22 open to 0.0.0.0/0"


@pytest.fixture(scope="module")
async def commands(backend: Backend) -> AsyncIterator[Commands]:
    async with recorded(backend, "cloudwatcher_mending") as (_, made):
        yield made


@pytest.fixture
async def tenant(backend: Backend, commands: Commands) -> Tenant:
    return await make_tenant(backend)


async def finding(tenant: Tenant, rule_id: str, native_id: str, name: str = "", **fields: Any) -> str:
    """An open finding on a resource of its own; its id."""
    rule, account = get_rule(rule_id), fields.pop("account_id", ACCOUNT)
    resource = documents.Resource(
        org_id=tenant.organization.id,
        account_id=account,
        kind=rule.applies_to,
        native_id=native_id,
        name=name or native_id,
        tags={},
        config={},
        first_seen_at=NOW,
    )
    if await documents.Resource.find_in(tenant.scope, {"kind": rule.applies_to.value, "native_id": native_id}) is None:
        await resource.insert()
    made = documents.Finding(
        org_id=tenant.organization.id,
        account_id=account,
        resource_id=resource.id or PydanticObjectId(),
        resource_native_id=native_id,
        rule_id=rule_id,
        category=rule.category,
        severity=rule.severity,
        severity_rank=rule.severity.rank,
        title=rule.title,
        reason="It is so.",
        observed={},
        opened_at=NOW,
        last_seen_at=NOW,
        **fields,
    )
    await made.insert()
    return str(made.id)


def faulty(control_id: str, resource: str, observed: str, integration: Integration = Integration.AWS) -> Faulty:
    return Faulty(control_id, integration, ACCOUNT, resource, observed)


async def mending(tenant: Tenant, *things: Faulty) -> list[str | None]:
    return [row and str(row.id) for row in await findings_that_mend(tenant.scope, things)]


@pytest.mark.parametrize(
    ("rule_id", "native_id", "name", "thing"),
    [
        ("aws-sg-admin-open", "sg-1", "web", faulty("CW-NET-01", "sg-1", OPEN_GROUP)),
        (
            "github-secret-scanning",
            "repository/1",
            "octo-org/shop",
            faulty("CW-DAT-05", "octo-org/shop", "secret scanning is off", Integration.GITHUB),
        ),
        (
            "aws-logs-no-retention",
            "arn:aws:logs:us-east-1:1:log-group:/app:*",
            "/app",
            faulty("CW-DAT-07", "arn:aws:logs:us-east-1:1:log-group:/app", "pii, without a rule that destroys it"),
        ),
        (
            "gcp-sa-key-old",
            "//iam.googleapis.com/projects/p/serviceAccounts/s/keys/k",
            "k",
            faulty("CW-IAM-05", "projects/p/serviceAccounts/s/keys/k", "400 days old", Integration.GCP),
        ),
        ("aws-budget-missing", "123456789012", "Main", faulty("CW-AVL-04", "budget", "none")),
        (
            "aws-access-analyzer-off",
            "eu-west-1",
            "eu-west-1",
            faulty("CW-IAM-07", "123456789012", "no analyzer of access from outside is active"),
        ),
    ],
)
async def test_a_finding_is_known_by_how_the_control_names_its_resource(
    tenant: Tenant, rule_id: str, native_id: str, name: str, thing: Faulty
) -> None:
    id = await finding(tenant, rule_id, native_id, name)

    assert await mending(tenant, thing) == [id]


@pytest.mark.parametrize(
    "fields", [{"state": FindingState.RESOLVED}, {"state": FindingState.SUPPRESSED}, {"account_id": OTHER_ACCOUNT}]
)
async def test_a_finding_that_is_over_or_of_another_account_mends_nothing(tenant: Tenant, fields: Any) -> None:
    await finding(tenant, "aws-sg-admin-open", "sg-1", **fields)

    assert await mending(tenant, faulty("CW-NET-01", "sg-1", OPEN_GROUP)) == [None]


@pytest.mark.parametrize(
    "thing",
    [
        faulty("CW-NET-01", "web", OPEN_GROUP),
        faulty("CW-NET-01", "sg-1", "ports 22, 5985 open to 0.0.0.0/0"),
        faulty("CW-NET-03", "sg-1", "default group with 1 rules on an interface"),
        faulty("CW-NET-01", "sg-1", OPEN_GROUP, Integration.AZURE),
        faulty("CW-GOV-03", "sg-1", OPEN_GROUP),
        faulty("CW-AVL-04", "quota", "none"),
    ],
    ids=["another name", "more than is mended", "another rule", "another system", "no rule", "another thing"],
)
async def test_what_is_named_or_seen_otherwise_is_not_guessed(tenant: Tenant, thing: Faulty) -> None:
    await finding(tenant, "aws-sg-admin-open", "sg-1", "web")
    await finding(tenant, "aws-budget-missing", "123456789012")

    assert await mending(tenant, thing) == [None]


async def test_of_two_resources_with_the_name_none_is_taken(tenant: Tenant) -> None:
    for native_id in ("repository/1", "repository/2"):
        await finding(tenant, "github-secret-scanning", native_id, "octo-org/shop")

    assert await mending(
        tenant, faulty("CW-DAT-05", "octo-org/shop", "secret scanning is off", Integration.GITHUB)
    ) == [None]


async def test_of_several_findings_the_worst_is_told(tenant: Tenant) -> None:
    await finding(tenant, "aws-iam-key-unused", "KEY-1")
    worst = await finding(tenant, "aws-compromised-key", "KEY-1")

    assert get_rule("aws-compromised-key").severity.rank < get_rule("aws-iam-key-unused").severity.rank
    assert await mending(tenant, faulty("CW-IAM-05", "KEY-1", "100 days old")) == [worst]


async def test_a_stranger_is_told_nothing(tenant: Tenant, backend: Backend) -> None:
    await finding(tenant, "aws-sg-admin-open", "sg-1")

    assert await mending(await make_tenant(backend), faulty("CW-NET-01", "sg-1", OPEN_GROUP)) == [None]


@pytest.mark.parametrize("many", [1, 30])
async def test_many_things_take_as_many_reads_as_one_of_each_kind(
    tenant: Tenant, commands: Commands, many: int
) -> None:
    await finding(tenant, "aws-budget-missing", "123456789012")
    for number in range(many):
        await finding(tenant, "aws-sg-admin-open", f"sg-{number}")
        await finding(tenant, "github-secret-scanning", f"repository/{number}", f"octo-org/{number}")
    groups = [faulty("CW-NET-01", f"sg-{number}", OPEN_GROUP) for number in range(many)]
    repositories = [
        faulty("CW-DAT-05", f"octo-org/{number}", "secret scanning is off", Integration.GITHUB)
        for number in range(many)
    ]

    with commands.recording() as seen:
        found = await findings_that_mend(tenant.scope, [*groups, *repositories, faulty("CW-AVL-04", "budget", "none")])

    assert [row.rule_id for row in found] == [
        *["aws-sg-admin-open"] * many,
        *["github-secret-scanning"] * many,
        "aws-budget-missing",
    ]
    assert len(seen) == 4
