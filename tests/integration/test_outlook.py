"""What mending a finding is foreseen to do, from what is stored of checks, findings and syncs."""

from datetime import UTC, datetime
from typing import Any

import pytest
from beanie import PydanticObjectId

import documents
from app.wiring import Backend
from documents import AccountState
from documents.check import CheckedItem
from documents.control_state import ControlState
from documents.outlook import outlook_of_finding
from documents.sync_run import SyncState
from domain.facts.compliance import CheckStatus, Integration, Verdict
from domain.facts.provider import Provider
from domain.rules.registry import get_rule
from tests.factories.tenant import Tenant, make_tenant

NOW = datetime(2026, 6, 1, tzinfo=UTC)
# The framework below names five rules, which count 7 together; this one is of severity LOW and counts 1.
GP2 = "aws-ebs-gp2-to-gp3"


@pytest.fixture
async def tenant(backend: Backend) -> Tenant:
    """Held to AWS Well-Architected."""
    made = await make_tenant(backend)
    await documents.ComplianceSettings(
        org_id=made.organization.id, frameworks=["aws_well_architected"], version=1
    ).insert()
    return made


@pytest.fixture
async def account(tenant: Tenant) -> documents.Account:
    made = documents.Account(
        org_id=tenant.organization.id,
        provider=Provider.AWS,
        native_id="123456789012",
        name="Main",
        state=AccountState.CONNECTED,
    )
    await made.insert()
    await documents.SyncRun(org_id=made.org_id, account_id=made.id, state=SyncState.SUCCEEDED).insert()
    return made


async def finding(account: documents.Account, rule_id: str, native_id: str) -> documents.Finding:
    rule = get_rule(rule_id)
    made = documents.Finding(
        org_id=account.org_id,
        account_id=account.id or PydanticObjectId(),
        resource_id=PydanticObjectId(),
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
    )
    await made.insert()
    return made


async def say(account: documents.Account, control_id: str, *failing: str, **fields: Any) -> None:
    """A check of this control that fails on these things, and so does the control."""
    items = [CheckedItem(resource=one, verdict=Verdict.FAIL, observed="versioning off") for one in failing]
    usual = {"account_id": account.id, "items": items, "counts": {Verdict.FAIL: len(items)}}
    await documents.Check(
        org_id=account.org_id,
        control_id=control_id,
        integration=Integration.AWS,
        status=CheckStatus.FAIL,
        judged_at=NOW,
        changed_at=NOW,
        next_at=NOW,
        version=1,
        **{**usual, **fields},
    ).insert()
    state = {"org_id": account.org_id, "control_id": control_id}
    if await ControlState.rows().find_one(state) is None:
        await ControlState(**state, status=CheckStatus.FAIL, since=NOW).insert()


@pytest.mark.parametrize(
    ("others", "after"), [((), "PASS"), (("vol-2", "vol-3"), "WARNING")], ids=["the last one", "two are left"]
)
async def test_a_rule_that_a_framework_names_passes_once_its_last_finding_is_gone(
    account: documents.Account, others: tuple[str, ...], after: str
) -> None:
    mended = await finding(account, GP2, "vol-1")
    for native_id in others:
        await finding(account, GP2, native_id)

    outlook = await outlook_of_finding(account, mended, "vol-1")

    assert outlook is not None
    assert (outlook.controls, outlook.findings_left) == ((), len(others))
    everything, framework = outlook.scores
    assert (everything.framework, everything.before, everything.after) == (None, None, None)
    # No control was judged; the other rules pass, and a warning counts by half.
    assert (framework.framework, framework.before) == ("aws_well_architected", 6.5 / 7)
    assert framework.after == (1.0 if after == "PASS" else 6.5 / 7)
    assert framework.changed == ((GP2,) if after == "PASS" else ())


async def test_checks_of_other_accounts_are_counted_and_keep_the_control_failing(account: documents.Account) -> None:
    await say(account, "CW-PIN-03", "invoices")
    await say(account, "CW-PIN-03", "invoices", "letters", account_id=PydanticObjectId())
    mended = await finding(account, "aws-s3-versioning", "invoices")

    outlook = await outlook_of_finding(account, mended, "invoices")

    assert outlook is not None
    (change,) = outlook.controls
    assert (change.control_id, change.before, change.after, change.left) == ("CW-PIN-03", "FAIL", "FAIL", 2)
    assert outlook.findings_left is None
    assert [one.framework for one in outlook.scores] == [None, "aws_well_architected"]


async def test_checks_of_other_organizations_say_nothing(account: documents.Account, backend: Backend) -> None:
    stranger = await make_tenant(backend)
    await say(account, "CW-PIN-03", "invoices")
    theirs = account.model_copy(update={"org_id": stranger.organization.id})

    outlook = await outlook_of_finding(theirs, await finding(theirs, "aws-s3-versioning", "invoices"), "invoices")

    assert outlook is not None
    assert (outlook.controls, [one.before for one in outlook.scores]) == ((), [None])


async def test_a_rule_that_mends_no_control_has_no_outlook(account: documents.Account) -> None:
    assert await outlook_of_finding(account, await finding(account, "aws-ec2-idle", "i-1"), "web") is None
