"""How a snapshot is taken before its source is deleted. No rules here."""

from collections.abc import Iterable
from hashlib import sha256

from domain.remediation.step import Call, Look, Step, answer

# As many as one page of a list can hold.
PAGE = 200
KEPT = "kept"
LETTERS = 12


def snapshot_name(native_id: str, existing: Iterable[str]) -> str:
    """The name of the next snapshot of a thing that has these.

    None of them can have it, for whoever counts them counts it too: what has this name was made by this plan.
    """
    known = ",".join(sorted(existing))
    return f"cloudwatcher-{native_id}-{sha256(known.encode()).hexdigest()[:LETTERS]}"


def found_by_name(snapshots: Call, name: str) -> Look:
    """Looks for the snapshot in the list that this call gives."""
    return Look(call=snapshots, path=f"snapshots.name={name}")


def made_sure(snapshots: Call, name: str, of: str) -> Step:
    """Waits until the snapshot is in the list, and keeps its id for what comes after: see `snapshot_id`."""
    return Step(
        name=KEPT,
        says=f"Make sure that the snapshot {name} of {of} is there.",
        call=snapshots,
        wait=Look(call=snapshots, path=f"snapshots.name={name}.name", ready=(name,)),
    )


def snapshot_id(name: str) -> dict[str, str]:
    """The id of the snapshot that was made sure of."""
    return answer(KEPT, f"snapshots.name={name}.id")
