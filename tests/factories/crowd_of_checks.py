"""Checks, their history and what controls say: for holdings, and for the crowd that queries are explained over."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from beanie import PydanticObjectId
from bson import ObjectId

import documents
from documents.base import TenantDocument, utc_now
from domain.facts.compliance import CheckStatus, Integration, Verdict

START = datetime(2026, 1, 1, tzinfo=UTC)
# More than the controls of the catalogue, so that lists have several pages.
CONTROLS = 100
Rows = dict[type[documents.TenantDocument], Sequence[dict[str, Any]]]


async def make_checks(account: documents.Account) -> dict[str, TenantDocument]:
    """A check of an account with its history, and what its control says."""
    org_id, now = account.org_id, utc_now()
    check = documents.Check(
        org_id=org_id,
        control_id="CW-IAM-01",
        integration=Integration.AWS,
        account_id=account.id,
        status=CheckStatus.FAIL,
        counts={Verdict.FAIL: 1},
        items=[{"resource": "secret-root", "verdict": "FAIL", "observed": "secret-seen", "expected": "secret-wanted"}],
        problem="secret-problem",
        judged_at=now,
        changed_at=now,
        version=1,
        evidence=["0" * 64],
        next_at=now + timedelta(days=365),
    )
    await check.insert()
    change = documents.CheckChange(
        org_id=org_id,
        check_id=PydanticObjectId(check.id),
        control_id=check.control_id,
        integration=check.integration,
        account_id=account.id,
        after=CheckStatus.FAIL,
        control_status=CheckStatus.FAIL,
        at=now,
    )
    await change.insert()
    state = documents.ControlState(org_id=org_id, control_id="CW-IAM-01", status=CheckStatus.FAIL, since=now)
    await state.insert()
    return {"Check": check, "CheckChange": change, "ControlState": state}


def check_rows(org_id: ObjectId, accounts: Sequence[dict[str, Any]], count: int) -> Rows:
    """The first 200 checks are of one account, the others of one each; every thirtieth check has thirty changes."""
    checks = [_check(org_id, accounts[1], number) for number in range(count)]
    return {
        documents.Check: checks,
        documents.CheckChange: [_change(checks[number // 30 * 30], number) for number in range(count)],
        documents.ControlState: [_state(org_id, number) for number in range(max(2, min(count, CONTROLS)))],
    }


def _name(number: int) -> str:
    return f"CW-IAM-{number % CONTROLS:02}"


def _status(number: int) -> str:
    return list(CheckStatus)[number % 7].value


def _check(org_id: ObjectId, account: dict[str, Any], number: int) -> dict[str, Any]:
    return {
        "_id": ObjectId(),
        "org_id": org_id,
        "control_id": _name(number),
        "integration": list(Integration)[number % 8].value,
        "account_id": account["_id"] if number < 2 * CONTROLS else ObjectId(),
        "status": _status(number),
        "counts": {"FAIL": 1},
        "items": [],
        "problem": None,
        "judged_at": START,
        "changed_at": START,
        "version": 1,
        "parameters": {},
        "evidence": [],
        "sync_ids": [],
        "next_at": START + timedelta(days=3650, minutes=number),
        "reads": [],
        "fingerprint": "",
        "streak": 1,
        "changes": [],
        "told": None,
        "created_at": START,
    }


def _change(check: dict[str, Any], number: int) -> dict[str, Any]:
    same = {name: check[name] for name in ("org_id", "control_id", "integration", "account_id")}
    return {
        **same,
        "check_id": check["_id"],
        "before": _status(number),
        "after": _status(number + 1),
        "control_status": _status(number + 1),
        "is_flapping": False,
        "at": START + timedelta(minutes=number),
        "created_at": START,
    }


def _state(org_id: ObjectId, number: int) -> dict[str, Any]:
    return {
        "org_id": org_id,
        "control_id": _name(number),
        "status": _status(number),
        "since": START,
        "assessed": 1,
        "checks": 1,
        "created_at": START,
    }
