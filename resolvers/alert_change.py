"""What people do with alerts: take on, put away, give back, close, assign, comment."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Annotated, Any

import strawberry

import documents
from auth.permission import Permission
from documents.alert_change import (
    acknowledge_alert,
    assign_alert,
    close_alert,
    comment_alert,
    reopen_alert,
    snooze_alert,
)
from documents.transaction import Transaction
from domain.errors import Invalid
from resolvers.assignee import assignee_of
from resolvers.context import Info
from resolvers.fields import mutation
from schema.alert import (
    AcknowledgeAlertInput,
    AcknowledgeAlertPayload,
    AssignAlertInput,
    AssignAlertPayload,
    CommentAlertInput,
    CommentAlertPayload,
    ReopenAlertInput,
    ReopenAlertPayload,
    ResolveAlertInput,
    ResolveAlertPayload,
    SnoozeAlertInput,
    SnoozeAlertPayload,
)
from schema.node import local_id

WHAT = "What to do it with."
LONGEST_SNOOZE = timedelta(days=90)
# What a transition does; returns the alert after it.
Change = Callable[[Transaction, str], Awaitable[documents.Alert]]


@strawberry.type
class AlertMutations:
    @mutation(
        AcknowledgeAlertPayload,
        may=Permission.ALERTS_ACKNOWLEDGE,
        audit="alert.acknowledge",
        description="Say that you have taken an alert on.",
    )
    async def acknowledge_alert(
        self, info: Info, input: Annotated[AcknowledgeAlertInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, expected = info.context, input.expected_version
        return await _changed(
            info,
            input.alert_id,
            lambda tx, id: acknowledge_alert(tx, context.scope, id, at=context.now(), expected_version=expected),
        )

    @mutation(
        SnoozeAlertPayload,
        may=Permission.ALERTS_ACKNOWLEDGE,
        audit="alert.snooze",
        description="Put an alert away until a time; it comes back by itself, or ends when its cause is gone.",
    )
    async def snooze_alert(
        self, info: Info, input: Annotated[SnoozeAlertInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, at, expected = info.context, info.context.now(), input.expected_version
        if not at < input.until <= at + LONGEST_SNOOZE:
            raise Invalid("Choose a time between now and ninety days ahead.", path=("input", "until"))
        return await _changed(
            info,
            input.alert_id,
            lambda tx, id: snooze_alert(tx, context.scope, id, until=input.until, at=at, expected_version=expected),
        )

    @mutation(
        ReopenAlertPayload,
        may=Permission.ALERTS_ACKNOWLEDGE,
        audit="alert.reopen",
        description="Give back an alert that was acknowledged or snoozed.",
    )
    async def reopen_alert(
        self, info: Info, input: Annotated[ReopenAlertInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, expected = info.context, input.expected_version
        return await _changed(
            info,
            input.alert_id,
            lambda tx, id: reopen_alert(tx, context.scope, id, at=context.now(), expected_version=expected),
        )

    @mutation(
        ResolveAlertPayload,
        may=Permission.ALERTS_ACKNOWLEDGE,
        audit="alert.resolve",
        description="Close an alert about something that merely happened: an event, a budget, an anomaly. All others "
        "end by themselves once their cause is gone, and only so.",
    )
    async def resolve_alert(
        self, info: Info, input: Annotated[ResolveAlertInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, at, expected = info.context, info.context.now(), input.expected_version
        return await _changed(
            info,
            input.alert_id,
            lambda tx, id: close_alert(tx, context.scope, id, reason=input.reason, at=at, expected_version=expected),
        )

    @mutation(
        AssignAlertPayload,
        may=Permission.ALERTS_ACKNOWLEDGE,
        audit="alert.assign",
        description="Say whose an alert is. The member must be able to see alerts there.",
    )
    async def assign_alert(
        self, info: Info, input: Annotated[AssignAlertInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, expected, chosen = info.context, input.expected_version, input.member_id

        async def change(tx: Transaction, id: str) -> documents.Alert:
            alert = await documents.Alert.get_in(context.scope, id, session=tx.session)
            member_id = None if chosen is None else await assignee_of(context, tx, alert.org_id, chosen)
            return await assign_alert(
                tx, context.scope, id, member_id=member_id, at=context.now(), expected_version=expected
            )

        return await _changed(info, input.alert_id, change)

    @mutation(
        CommentAlertPayload,
        may=Permission.ALERTS_ACKNOWLEDGE,
        audit="alert.comment",
        description="Write something beside an alert.",
    )
    async def comment_alert(
        self, info: Info, input: Annotated[CommentAlertInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context = info.context
        return await _changed(
            info,
            input.alert_id,
            lambda tx, id: comment_alert(tx, context.scope, id, text=input.text, at=context.now()),
        )


async def _changed(info: Info, global_id: str, change: Change) -> documents.Alert:
    alert_id = local_id("Alert", global_id)

    async def audited(tx: Transaction) -> documents.Alert:
        before = await documents.Alert.get_in(info.context.scope, alert_id, session=tx.session)
        after = await change(tx, alert_id)
        tx.audit(after.org_id, target=f"alert:{after.id}", before=_shown(before), after=_shown(after))
        return after

    return await info.context.ports.writer.commit(audited)


def _shown(alert: documents.Alert) -> dict[str, Any]:
    return {
        "state": alert.state,
        "version": alert.version,
        "assignee": alert.assignee_id,
        "snoozed_until": alert.snoozed_until,
        "resolution": alert.resolution,
    }
