"""What is asked of MongoDB when alerts come and end, for the tests that have each query explained."""

from typing import Any

import documents
from documents.incident_change import open_alerts, split
from documents.incident_matching import match
from documents.incident_member import refresh_findings
from documents.incident_signal import alerts_by_id
from documents.transaction import Transaction
from tests.factories.crowd import START
from tests.factories.signals import happening


async def incidents(house: Any, graph: Any) -> None:
    """What is looked up for new alerts, and for those that end."""
    org_id, account_id = house.alone.organization.id, house.account_ids["alone"]
    fields = {"resource": "vol-7", "principal": "eve", "region": "r-1", "account": str(account_id)}

    async def change(tx: Transaction) -> None:
        await match(tx, org_id, [happening("0" * 24, **fields)], START)
        (found,) = await documents.Incident.rows().find({"org_id": org_id}).sort("number", 1).limit(1).to_list()
        await alerts_by_id(org_id, [found["_id"]], tx.session)
        await refresh_findings(org_id, account_id, tx.session)
        incident = documents.Incident.stored(found)
        await open_alerts(incident, tx, limit=10)
        await split(tx, incident, [await member_of(found)], by="u", at=START, reason="r")

    await house.backend.writer.commit(change)


async def member_of(incident: dict[str, Any]) -> str:
    query = {"org_id": incident["org_id"], "incident_id": incident["_id"]}
    raw = await documents.IncidentMember.rows().find_one(query, sort=[("at", -1)])
    return str((raw or {})["signal"])


async def incident_of(house: Any, who: str) -> Any:
    """An incident that has members."""
    account = await documents.Account.rows().find_one({"_id": house.account_ids[who]})
    assert account is not None
    raw = await documents.IncidentMember.rows().find_one({"org_id": account["org_id"]})
    assert raw is not None
    return raw["incident_id"]
