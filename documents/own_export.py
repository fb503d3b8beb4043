"""Files made of data as controls look at them: who asked for each and who took it, as the audit log has it.

The rows have the fields that `domain/compliance/own_records.py` says.
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from documents.audit import AuditEntry, Outcome
from documents.audit_export import AuditExport
from documents.audit_pack import AuditPack
from documents.cost_export import CostExport
from domain.facts.scope import Scope

Rows = list[dict[str, Any]]
# The kinds of files, and the permission that asking for one and taking it needs.
KINDS: Mapping[type[AuditExport | AuditPack | CostExport], str] = {
    AuditExport: "audit:export",
    AuditPack: "evidence:read",
    CostExport: "costs:read",
}
ASKED = ("audit.export", "audit_pack.request", "costs.export", "statement.export")
TAKEN = ("audit.download", "audit_pack.download", "costs.download")
MOST = 20_000


async def exports(scope: Scope, _: datetime) -> Rows:
    """The files that are kept, for a week, the newest of each kind first.

    Whoever may not ask leaves no entry of having done so: without one of who is named in it, a file was not permitted.
    An address to take one by is made only for those who hold the permission, and works for some minutes.
    """
    return [row for kind, permission in KINDS.items() for row in await _rows(scope, kind, permission)]


async def _rows(scope: Scope, kind: type[AuditExport | AuditPack | CostExport], permission: str) -> Rows:
    query = {**kind.within(scope), "state": "SUCCEEDED"}
    found = await kind.rows().find(query, sort=[("created_at", -1), ("_id", -1)]).limit(MOST).to_list()
    targets = {raw["_id"]: f"{kind.__name__.lower()}:{raw['_id']}" for raw in found}
    acts = await _acts(scope, list(targets.values()))
    return [_row(raw, permission, acts[targets[raw["_id"]]]) for raw in found]


async def _acts(scope: Scope, targets: list[str]) -> Mapping[str, list[tuple[str, str]]]:
    """By target, what was done to it and by whom, in order."""
    query = {
        **AuditEntry.within(scope),
        "target": {"$in": targets},
        "action": {"$in": [*ASKED, *TAKEN]},
        "outcome": Outcome.DONE.value,
    }
    found: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    fields = {"target": 1, "action": 1, "actor": 1, "seq": 1}
    async for raw in AuditEntry.rows().find(query, fields, sort=[("seq", 1)]):
        found[raw["target"]].append((raw["action"], raw["actor"]))
    return found


def _row(raw: Mapping[str, Any], permission: str, acts: list[tuple[str, str]]) -> dict[str, Any]:
    by = raw["requested_by"]
    return {
        "export_id": str(raw["_id"]),
        "requested_by": by,
        "permission": permission,
        "was_permitted": any(action in ASKED and actor == by for action, actor in acts),
        "row_count": raw["done"],
        "source_count": raw["total"],
        "sha256": raw["sha256"],
        "downloaded_by": list(dict.fromkeys(actor for action, actor in acts if action in TAKEN)),
        "downloaded_without_permission": [],
    }
