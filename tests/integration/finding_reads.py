"""What is asked of findings, rules, remediations and bills beside the lists, for MongoDB to explain itself to tests."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from bson import ObjectId

import documents
from documents.finding import known_findings, open_findings
from documents.finding_group import complete_findings, count_findings
from documents.finding_suppression import ended_suppressions
from documents.mending_finding import Faulty, findings_that_mend
from documents.outlook import outlook_of_finding
from documents.remediation_saving import changed_resources, count_savings, note_regressions, savers_of
from documents.resource_bill import bills_pipeline, resource_bills
from documents.resource_days import bill_names, days_pipeline
from documents.rule_setting import choices, rule_setting
from documents.rule_status import rule_statuses
from documents.transaction import Transaction
from domain.facts.compliance import Integration
from domain.facts.scope import Scope
from domain.finding_groups import FindingGrouping
from domain.remediation.saving_groups import SavingGrouping
from tests.factories.crowd import START

# In the fourth week of the bill of the crowd.
TODAY = date(2026, 1, 31)


async def read_all(client: Any, scope: Scope, account_id: ObjectId) -> None:
    """Each of them once."""
    org_id = ObjectId(scope.only())
    account = await documents.Account.get_in(scope, str(account_id))
    account = account.model_copy(update={"native_id": "account 1"})
    await choices(org_id)
    await rule_setting(org_id, "aws-ebs-unattached")
    await rule_statuses(org_id, ["aws-ebs-unattached"])
    await known_findings(account)
    await _read_mending(scope, account)
    await ended_suppressions(datetime.now(UTC))
    await resource_bills(scope, account, TODAY)
    rows = documents.CostLine.rows()
    await (await rows.aggregate(bills_pipeline(scope, account, [ObjectId()], TODAY), hint="org_newest")).to_list()
    await _read_savings(scope, account)
    for by in FindingGrouping:
        await count_findings(scope, {"state": "OPEN"}, by)
    await count_findings(scope, {"state": "OPEN", "account_id": account_id, "category": "FINOPS"}, FindingGrouping.RULE)
    await complete_findings()
    async with client.start_session() as session:
        finding = await documents.Finding.find_in(scope, {"account_id": account_id})
        assert finding is not None
        await open_findings({"resource_id": finding.resource_id}, session)
        done = [raw["finding_id"] async for raw in documents.Remediation.rows().find({}, {"finding_id": 1}).limit(5)]
        await note_regressions(Transaction(session), finding.org_id, done, START, START)


async def _read_savings(scope: Scope, account: documents.Account) -> None:
    """What counts the savings of remediations."""
    resource_ids = (await changed_resources(scope, START))[:5]
    assert await savers_of(scope, resource_ids)
    assert await bill_names(scope, dict.fromkeys(resource_ids, "vol-1"))
    names = ["vol-0123456789abcdef0", "resource 5"]
    days = days_pipeline(scope, account, [ObjectId()], names, (TODAY - timedelta(days=30), TODAY))
    await (await documents.CostLine.rows().aggregate(days, hint="org_newest")).to_list()
    for by in SavingGrouping:
        assert await count_savings(scope, START.date(), TODAY, by)


async def _read_mending(scope: Scope, account: documents.Account) -> None:
    """Things that are named in each of the three ways, and what mending one of them would do."""
    assert account.id is not None
    for control_id, integration, observed in (
        ("CW-NET-01", Integration.AWS, "port 22 open to 0.0.0.0/0"),
        ("CW-DAT-05", Integration.GITHUB, "secret scanning is off"),
    ):
        await findings_that_mend(scope, [Faulty(control_id, integration, account.id, "thing 1", observed)])
    await findings_that_mend(scope, [Faulty("CW-AVL-04", Integration.AWS, account.id, "budget", "none")])
    found = await documents.Finding.find_in(scope, {"account_id": account.id})
    assert found is not None
    mending = found.model_copy(update={"rule_id": "aws-sg-admin-open"})
    assert await outlook_of_finding(account, mending, "thing 1") is not None
