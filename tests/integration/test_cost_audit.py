"""Loading bills is on record."""

from pathlib import Path

import documents
from app.wiring import Backend
from documents.base import utc_now
from domain.costs.header import ReadOptions
from jobs.cost_import import import_cost_files
from tests.factories.tenant import make_tenant
from tests.integration.test_costs import COLUMNS, row


async def test_a_load_leaves_an_entry_and_the_same_content_again_none(backend: Backend, tmp_path: Path) -> None:
    tenant = await make_tenant(backend)
    bill = tmp_path / "bill.csv"
    bill.write_text("\n".join([COLUMNS, row("2026-01-05", "1.5")]) + "\n")

    reports = [
        await import_cost_files(tenant.scope, [bill], ReadOptions(), writer=backend.writer, now=utc_now)
        for _ in range(2)
    ]

    (entry,) = await documents.AuditEntry.rows().find({"org_id": tenant.organization.id}).to_list()
    assert (entry["action"], entry["actor"]) == ("costs.import", "operator")
    assert entry["target"] == f"costload:{reports[0].load_id}"
    assert reports[1].is_unchanged
