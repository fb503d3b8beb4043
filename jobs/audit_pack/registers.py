"""Writes what people decided and filed into an audit pack: exceptions, attestations, policies."""

from collections import Counter, deque
from collections.abc import Collection, Mapping
from typing import Any

from documents.attestation import attestations_between
from documents.control_exception import ControlException, exceptions_between
from documents.policy import PolicySpell, acknowledgements_until, members_bound, policies_between
from domain.compliance.audit_report import ExceptionPart, Exceptions, PolicyPart
from domain.facts.governance import AttestationState
from jobs.audit_pack.place import Place
from jobs.audit_pack.tables import (
    ATTESTATION_HEADS,
    POLICY_HEADS,
    CsvFile,
    attestation_cells,
    exception_cells,
    policy_cells,
)

# Of one control in the report; exceptions.csv has all.
MOST_EXCEPTIONS = 200


async def write_exceptions(place: Place, control_id: str, file: CsvFile) -> Exceptions:
    """The exceptions of a control that were in force at some time in the period, the newest of them kept."""
    kept, count = deque[ExceptionPart](maxlen=MOST_EXCEPTIONS), 0
    async for stored in exceptions_between(place.org_id, control_id, place.first, place.until):
        part = await _exception(place, stored)
        file.add([exception_cells(control_id, part)])
        kept.append(part)
        count += 1
    return Exceptions(newest=list(kept), count=count)


async def _exception(place: Place, stored: ControlException) -> ExceptionPart:
    since = max(stored.starts_at, stored.decided_at or stored.starts_at)
    return ExceptionPart(
        account=place.account(stored.account_id, "any account"),
        resources=stored.resources,
        reason=stored.reason,
        compensating_control=stored.compensating_control,
        requested_by=await place.person(stored.requested_by),
        approved_by=await place.person(stored.decided_by),
        since=since,
        until=stored.ends_at,
        revoked_at=stored.revoked_at,
    )


async def write_attestations(place: Place, control_ids: Collection[str]) -> Counter[str]:
    """Write what was stated for these controls before the end of the period and had not expired at its beginning;
    returns how many by control.
    """
    counts = Counter[str]()
    with CsvFile(place.folder / "attestations.csv", ATTESTATION_HEADS) as file:
        async for raw in attestations_between(place.org_id, control_ids, place.first, place.until):
            file.add([await _attestation(place, raw)])
            counts[raw["control_id"]] += 1
    return counts


async def _attestation(place: Place, raw: Mapping[str, Any]) -> list[Any]:
    people = [await place.person(raw[name]) for name in ("submitted_by", "reviewed_by")]
    since = raw["reviewed_at"] if raw["state"] == AttestationState.ACCEPTED else None
    return attestation_cells(raw, people, since)


async def write_policies(place: Place) -> list[PolicyPart]:
    """Write the versions of policies that were in force at some time in the period; the same are returned."""
    members, parts = await members_bound(place.org_id), []
    with CsvFile(place.folder / "policies.csv", POLICY_HEADS) as file:
        async for spell in policies_between(place.org_id, place.first, place.until):
            part = await _policy(place, spell, members)
            file.add([policy_cells(part)])
            parts.append(part)
    return parts


async def _policy(place: Place, spell: PolicySpell, members: int) -> PolicyPart:
    version = spell.version
    return PolicyPart(
        name=spell.policy["name"],
        is_required=spell.policy["is_required"],
        number=version["number"],
        sha256=version["sha256"],
        written_by=await place.person(version["written_by"]),
        approved_by=await place.person(version["approved_by"]),
        since=spell.since,
        until=spell.until,
        next_review_at=spell.policy["next_review_at"] if spell.until is None else None,
        acknowledged=await acknowledgements_until(version, place.until),
        members=members,
    )
