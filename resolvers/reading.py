"""What auditors read is an act of the audit log: they are strangers, let in for a time."""

from collections.abc import Sequence

from beanie import PydanticObjectId

from auth.viewer import Viewer
from documents import Role
from documents.audit import acting
from documents.transaction import Transaction
from resolvers.act import LONGEST, act_of
from resolvers.context import Context

ACTION = "auditor.read"


async def record_reading(context: object, fields: Sequence[str]) -> None:
    """Write down which root fields an auditor asks for, before they are answered; what cannot be, is not answered."""
    if not isinstance(context, Context) or context.viewer is None:
        return
    audited = _audited_in(context.viewer)
    if not audited:
        return

    async def change(tx: Transaction) -> None:
        for org_id in audited:
            tx.audit(PydanticObjectId(org_id), target=f"fields:{' '.join(fields)}"[:LONGEST])

    with acting(act_of(ACTION, context)):
        await context.ports.writer.commit(change)


def _audited_in(viewer: Viewer) -> list[str]:
    return sorted(org_id for org_id, standing in viewer.standings.items() if standing.role is Role.AUDITOR)
