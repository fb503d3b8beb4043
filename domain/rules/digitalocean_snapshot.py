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


def is_listed(snapshots: Call, name: str) -> Look:
    """Until the list that this call gives has the snapshot."""
    return Look(call=snapshots, path=f"snapshots.name={name}.name", ready=(name,))


def waited_for(snapshots: Call, name: str, of: str) -> Step:
    """Changes nothing: it holds up what comes after until the snapshot is in the list."""
    says = f"Wait until the snapshot {name} of {of} is listed."
    return Step(name="listed", says=says, call=snapshots, wait=is_listed(snapshots, name))


def kept(snapshots: Call, name: str, of: str) -> Step:
    """Changes nothing: it keeps the id of a snapshot that is listed, for the undo of what comes after."""
    return Step(name=KEPT, says=f"Note the id of the snapshot {name} of {of}.", call=snapshots)


def snapshot_id(name: str) -> dict[str, str]:
    """The id that was kept."""
    return answer(KEPT, f"snapshots.name={name}.id")
