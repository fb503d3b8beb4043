"""Where billed rows came from: the load and the file behind each of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from beanie import PydanticObjectId
from bson import ObjectId

from documents.cost_period import CostPeriod


@dataclass(frozen=True, slots=True)
class LineOrigin:
    """The load and the file that a line came with. The file is None when the ledger of loads no longer knows it."""

    load_id: PydanticObjectId
    started_at: datetime
    actor: str
    source: str
    file_name: str | None
    sha256: str | None


async def add_origins(rows: Sequence[Any]) -> None:
    """Give each row, which has its `edition_id` and `file`, its `origin`."""
    editions = {row.edition_id for row in rows}
    org_ids = {row.org_id for row in rows}
    query = {"org_id": {"$in": sorted(org_ids)}, "edition_id": {"$in": sorted(editions)}}
    periods = await CostPeriod.rows().find(query, {"edition_id": 1, "load_id": 1, "source": 1}).to_list()
    loads = await _loads({period["load_id"] for period in periods})
    by_edition = {period["edition_id"]: period for period in periods}
    for row in rows:
        period = by_edition.get(row.edition_id)
        row.origin = None if period is None else _origin(period, loads.get(period["load_id"]), row.file)


async def _loads(ids: set[ObjectId]) -> dict[ObjectId, Mapping[str, Any]]:
    # By the name of the collection: the ledger itself imports lines.
    ledger = CostPeriod.rows().database["cost_loads"]
    fields = {"files.name": 1, "files.sha256": 1, "actor": 1, "started_at": 1}
    return {raw["_id"]: raw async for raw in ledger.find({"_id": {"$in": sorted(ids)}}, fields)}


def _origin(period: Mapping[str, Any], load: Mapping[str, Any] | None, number: int) -> LineOrigin | None:
    if load is None:
        return None
    file = load["files"][number] if number < len(load["files"]) else {}
    return LineOrigin(
        load_id=period["load_id"],
        started_at=load["started_at"],
        actor=load["actor"],
        source=period["source"],
        file_name=file.get("name"),
        sha256=file.get("sha256"),
    )
