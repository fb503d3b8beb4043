"""What accounts for a change of a resource: a remediation of ours, or work that was announced."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo.asynchronous.client_session import AsyncClientSession

from documents.account import Account
from documents.maintenance_window import MaintenanceWindow, as_window
from documents.remediation import Remediation
from documents.remediation_call import RemediationCall
from domain.alerting.maintenance import Window, covers, was_open
from domain.compliance.drift import names_in

Raw = Mapping[str, Any]
MOST_WINDOWS = 1000


@dataclass(frozen=True, slots=True)
class Changed:
    """A resource, as maintenance windows name what they cover."""

    account_id: str | None
    resources: frozenset[str]
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Act:
    """A call of a remediation, with the time in which its effect comes about."""

    remediation: str
    begun_at: datetime
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class Reasons:
    """What we and others were about to change in an account. `until` is when it was looked up."""

    acts: Mapping[str, list[_Act]]
    windows: list[Window]
    until: datetime

    def of(self, one: Changed, native_id: str, since: datetime) -> str | None:
        """What accounts for a change of this resource since then, as kind:id; None where nothing does."""
        for act in self.acts.get(native_id, ()):
            if act.begun_at <= self.until and act.ended_at > since:
                return f"remediation:{act.remediation}"
        for window in self.windows:
            if covers(window, one) and was_open(window, since, self.until):
                return f"maintenance_window:{window.id}"
        return None


async def reasons_of(account: Account, since: datetime, until: datetime, session: AsyncClientSession) -> Reasons:
    """What may account for changes in this account between the two instants."""
    return Reasons(await _acts(account, since, until, session), await _windows(account, since, until, session), until)


async def _acts(
    account: Account, since: datetime, until: datetime, session: AsyncClientSession
) -> dict[str, list[_Act]]:
    """What remediations did, by every name that what they sent or were answered holds."""
    query = {
        "org_id": account.org_id,
        "account_id": account.id,
        "started_at": {"$lte": until},
        "$or": [{"ended_at": None}, {"ended_at": {"$gt": since}}],
    }
    fields = {"resource_native_id": 1, "ended_at": 1}
    raws = await Remediation.rows().find(query, fields, session=session).to_list()
    found: dict[object, Raw] = {raw["_id"]: raw for raw in raws}
    calls: dict[object, list[Raw]] = defaultdict(list)
    which = {"org_id": account.org_id, "remediation_id": {"$in": list(found)}}
    for made in await RemediationCall.rows().find(which, session=session).sort("number", 1).to_list():
        calls[made["remediation_id"]].append(made)
    acts: dict[str, list[_Act]] = defaultdict(list)
    for id, told in calls.items():
        for call, act in zip(told, _timed(str(id), told, found[id].get("ended_at"), until), strict=True):
            for name in {found[id]["resource_native_id"]} | names_in([call["arguments"], call["answer"]]):
                acts[name].append(act)
    return acts


def _timed(id: str, calls: list[Raw], ended_at: datetime | None, until: datetime) -> Iterable[_Act]:
    """The last of the calls has its effect until the remediation has seen it."""
    for call in calls:
        begun_at, answered_at = call["begun_at"], call.get("ended_at") or until
        if call is calls[-1]:
            answered_at = ended_at if ended_at is not None and ended_at >= begun_at else until
        yield _Act(id, begun_at, answered_at)


async def _windows(account: Account, since: datetime, until: datetime, session: AsyncClientSession) -> list[Window]:
    """Windows of the organization that may have been open between the two; one that was ended, until then."""
    query = {
        "org_id": account.org_id,
        "starts_at": {"$lt": until},
        "$and": [{"$or": [{end: None}, {end: {"$gt": since}}]} for end in ("ends_at", "ended_at")],
    }
    raws = await MaintenanceWindow.rows().find(query, session=session).limit(MOST_WINDOWS).to_list()
    found = []
    for raw in raws:
        ends = [end for end in (raw.get("ends_at"), raw.get("ended_at")) if end is not None]
        found.append(as_window({**raw, "ends_at": min(ends, default=None)}))
    return found
