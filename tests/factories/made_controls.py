"""Controls of the synthetic vendor, for tests of how controls are judged whatever they say."""

from collections.abc import Iterator
from typing import Any

import pytest

from domain.compliance.control import Case, Control, Item, Procedure, failed, passed
from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity

VOLUMES, GROUPS = "GET /v1/volumes", "GET /v1/groups"
BUCKETS, GRANTS = "GET /v1/buckets", "GET /v1/buckets/{bucket}/grants"
BILLS = "GET /v1/bills"


def _owned(case: Case) -> Iterator[Item]:
    for volume in case.answers.items(VOLUMES, "items"):
        owner = volume["tags"].get("owner")
        yield passed(volume["id"], owner) if owner else failed(volume["id"], "no owner", "a tag that names its owner")


def _private(case: Case) -> Iterator[Item]:
    for bucket in case.answers.items(BUCKETS, "items"):
        grants = case.answers.under(GRANTS, "items", bucket=bucket["id"])
        yield failed(bucket["id"], "open to everybody", "no grants") if grants else passed(bucket["id"], "no grants")


def _grouped(case: Case) -> Iterator[Item]:
    for region, group in case.answers.located(GROUPS, "items"):
        yield passed(group["id"], f"in {region}")


def _grouped_in_part(case: Case) -> Iterator[Item]:
    for call in case.answers.offered(GROUPS):
        for group in (one for page in call.pages for one in page["items"]):
            yield passed(group["id"], f"in {call.region}")


def _billed(case: Case) -> Iterator[Item]:
    for bill in case.answers.items(BILLS, "items"):
        yield passed("bill", str(bill["total"]))


def _fresh(case: Case) -> Iterator[Item]:
    for row in case.answers.items("platform:sync_runs"):
        is_read = row["last_success_at"] is not None
        yield passed(row["account_id"], "read") if is_read else failed(row["account_id"], "never read", "read in whole")


def _filed(case: Case) -> Iterator[Item]:
    for row in case.answers.items("manual:board_minutes"):
        yield passed("minutes", str(row["held_at"]))


def _compared(case: Case) -> Iterator[Item]:
    """Looks at another system than its own."""
    for other in case.of(Integration.DIGITALOCEAN):
        for volume in other.items(VOLUMES, "items"):
            yield passed(volume["id"], "known")


def a_control(id: str, *procedures: Procedure, **more: Any) -> Control:
    made: dict[str, Any] = {
        "name": f"Control {id}",
        "category": "testing",
        "severity": Severity.HIGH,
        "frequency": Frequency.DAILY,
        "evidence_kind": EvidenceKind.MACHINE_STATE,
        "criteria": ("CC6.1",),
        "objective": "Things are as they should be.",
        "owner_role": "operations",
    }
    return Control(id=id, procedures=procedures, **{**made, **more})


def a_procedure(judge: Any, *operations: str, of: Integration = Integration.DIGITALOCEAN) -> Procedure:
    return Procedure(
        integration=of, scope="resource", operations=operations, passes="it is", fails="it is not", judge=judge
    )


OWNED = a_control("CW-TST-01", a_procedure(_owned, VOLUMES))
PRIVATE = a_control("CW-TST-02", a_procedure(_private, BUCKETS, GRANTS))
GROUPED = a_control("CW-TST-03", a_procedure(_grouped, GROUPS))
BILLED = a_control("CW-TST-04", a_procedure(_billed, BILLS))
FRESH = a_control("CW-TST-05", a_procedure(_fresh, "platform:sync_runs", of=Integration.PLATFORM))
FILED = a_control("CW-TST-06", a_procedure(_filed, "manual:board_minutes", of=Integration.MANUAL))
COMPARED = a_control("CW-TST-07", a_procedure(_compared, "platform:sync_runs", of=Integration.PLATFORM))
# Of groups it takes what the plan has.
GROUPED_IN_PART = a_control("CW-TST-08", a_procedure(_grouped_in_part, GROUPS))
ALL = (OWNED, PRIVATE, GROUPED, BILLED, FRESH, FILED, COMPARED)


def use_controls(monkeypatch: pytest.MonkeyPatch, *controls: Control) -> None:
    """Have these be all the controls there are."""
    monkeypatch.setattr("domain.compliance.registry.all_controls", lambda: controls or ALL)
