"""What people do with findings: live with one for a time, and give it back."""

from typing import Annotated, Any

import strawberry

from auth.permission import Permission
from documents.finding_suppression import LONGEST, suppress_finding, unsuppress_finding
from domain.errors import Invalid
from resolvers.context import Info
from resolvers.fields import mutation
from resolvers.routing import WHAT
from schema.finding import (
    SuppressFindingInput,
    SuppressFindingPayload,
    UnsuppressFindingInput,
    UnsuppressFindingPayload,
)
from schema.node import local_id


@strawberry.type
class FindingMutations:
    @mutation(
        SuppressFindingPayload,
        may=Permission.FINDINGS_MANAGE,
        audit="finding.suppress",
        description="Live with a finding for a time. It counts nowhere and its alert ends; it opens again by itself, "
        "and is resolved when the fault is gone. One that is suppressed takes the new reason and end.",
    )
    async def suppress_finding(
        self, info: Info, input: Annotated[SuppressFindingInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, at, id = info.context, info.context.now(), local_id("Finding", input.id)
        if input.until is not None and not at < input.until <= at + LONGEST:
            raise Invalid("Choose a time between now and 366 days ahead.", path=("input", "until"))
        by = context.signed_in.actor
        return await context.ports.writer.commit(
            lambda tx: suppress_finding(tx, context.scope, id, by=by, reason=input.reason, until=input.until, at=at)
        )

    @mutation(
        UnsuppressFindingPayload,
        may=Permission.FINDINGS_MANAGE,
        audit="finding.unsuppress",
        description="Give a suppressed finding back, before its time has come.",
    )
    async def unsuppress_finding(
        self, info: Info, input: Annotated[UnsuppressFindingInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, at, id = info.context, info.context.now(), local_id("Finding", input.id)
        return await context.ports.writer.commit(lambda tx: unsuppress_finding(tx, context.scope, id, at=at))
