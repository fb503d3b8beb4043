"""How controls were judged: checks with what they looked at, their history, and what controls say as a whole."""

from datetime import datetime
from typing import Annotated, Any, Union

import strawberry
from pydantic import BaseModel, Field

import documents
from auth.permission import Permission
from auth.scope import scope_of
from documents.check import CheckedItem
from documents.mending_finding import Faulty
from domain.compliance.mending import mends_of
from domain.compliance.score_change import MENDABLE
from domain.compliance.standing import MOST_CHANGES
from domain.facts.compliance import CheckStatus, Integration, Verdict
from schema import compliance_values as compliance_values
from schema.account import Account
from schema.context import SchemaContext
from schema.errors import payload
from schema.feed import StreamReset
from schema.finding import Finding
from schema.node import Node, derived, global_id, said, view
from schema.organization import IDEMPOTENCY_KEY
from schema.relation import organization_id_of, related
from schema.routing import ORGANIZATION
from schema.scalars import Cursor

ControlId = Annotated[str, Field(max_length=50)]


@strawberry.type(description="One thing that a check has looked at.")
class CheckItem:
    resource: str = said("Its id with the provider, or its name where it has none.")
    verdict: Verdict = said("What is said of it.")
    observed: str = said("What was seen.")
    expected: str = said("What should have been; empty for what passes.")
    faulty: strawberry.Private[Faulty | None] = None

    @strawberry.field(
        description="The open finding that would mend it, the worst of several: of the same account, on the resource "
        "that the item names, by a rule that mends the control. Null where there is none, for what passes or is "
        "exempt, and without the right to see findings."
    )
    def finding(self, info: strawberry.Info) -> Finding | None:
        context: SchemaContext = info.context
        if self.faulty is None or context.loaders is None:
            return None
        scope = scope_of(context.signed_in, Permission.FINDINGS_READ)
        row: Any = context.loaders.that_mend(scope).load(self.faulty)
        return row  # type: ignore[no-any-return]  # a row, later


@strawberry.type(description="How many things came to which verdict.")
class VerdictCounts:
    passed: int = said("As they must be.")
    warned: int = said("About to fail, or weaker than they should be.")
    failed: int = said("Not as they must be.")
    exempt: int = said("Failing, and covered by an approved exception.")


@view(documents.Check, description="What is said now of one control in one account, or by CloudWatcher's own records.")
class Check(Node):
    counts: strawberry.Private[dict[str, int]]
    items: strawberry.Private[list[Any]]
    changes: strawberry.Private[list[datetime]]
    sync_ids: strawberry.Private[list[Any]]
    exceptions: strawberry.Private[list[Any]]
    control_id: str = said("The control, for example CW-IAM-01.")
    integration: Integration = said("What it is judged by.")
    account: Account | None = related("account_id", "The account; null for our own records and what people file.")
    status: CheckStatus = said("What is said.")
    problem: str | None = said("What could not be read or made sense of; null where all could.")
    judged_at: datetime = said("When it was judged last.")
    changed_at: datetime = said("Since when it says so.")
    next_at: datetime = said("When it is judged again at the latest.")
    version: int = said("Of the procedure that judged it; another version may say something else of the same answers.")
    evidence: list[str] = said("SHA-256 of the packs that hold the raw answers which were judged.")

    @derived("How many things came to which verdict, all of them.", reads=("counts",), name="counts")
    def told_counts(self) -> VerdictCounts:
        counts = self.counts
        passed, warned, failed, exempt = (
            counts.get(verdict, 0) for verdict in (Verdict.PASS, Verdict.WARNING, Verdict.FAIL, Verdict.EXEMPT)
        )
        return VerdictCounts(passed=passed, warned=warned, failed=failed, exempt=exempt)

    @derived(
        "What was looked at, the failing things first, 200 at most.",
        reads=("items", "control_id", "integration", "account_id"),
        name="items",
    )
    def told_items(self) -> list[CheckItem]:
        items = [CheckedItem.model_validate(item, from_attributes=True) for item in self.items]
        own: Any = self  # the row
        where = (own.control_id, Integration(own.integration), own.account_id)
        return [
            CheckItem(
                resource=one.resource,
                verdict=one.verdict,
                observed=one.observed,
                expected=one.expected,
                faulty=Faulty(*where, one.resource, one.observed) if one.verdict in MENDABLE else None,
            )
            for one in items
        ]

    @derived("Ids of the rules whose remedies mend what fails here.", reads=("control_id", "integration"))
    def mended_by(self) -> list[str]:
        return [one.rule_id for one in mends_of(self.control_id) if one.integration == self.integration]

    @derived("Whether it changed more than three times within 24 hours of its last change.", reads=("changes",))
    def is_flapping(self) -> bool:
        return len(self.changes) > MOST_CHANGES

    @derived("The syncs whose answers were judged.", reads=("sync_ids",), name="syncIds")
    def told_syncs(self) -> list[strawberry.ID]:
        return [global_id("Sync", id) for id in self.sync_ids]

    @derived(
        "The exceptions that covered something of the control there when it was judged.",
        reads=("exceptions",),
        name="exceptionIds",
    )
    def told_exceptions(self) -> list[strawberry.ID]:
        return [global_id("ControlException", id) for id in self.exceptions]

    @derived("The tenant it belongs to.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


@view(documents.CheckChange, description="A check that came to say something else.")
class CheckChange(Node):
    check_id: strawberry.Private[Any]
    control_id: str = said("The control.")
    integration: Integration = said("What it is judged by.")
    account: Account | None = related("account_id", "The account; null for our own records and what people file.")
    before: CheckStatus | None = said("What it said before; null for the first time it was judged.")
    after: CheckStatus = said("What it says since.")
    control_status: CheckStatus = said("What the control as a whole says since: the worst of all its checks.")
    is_flapping: bool = said("Whether it changed more than three times in a day; people are told once it holds.")
    at: datetime = said("When it was judged so.")

    @derived("Global id of the check.", reads=("check_id",), name="checkId")
    def told_check(self) -> strawberry.ID:
        return global_id("Check", self.check_id)


@view(documents.ControlState, description="What is said now of a control in an organization.")
class ControlState(Node):
    control_id: str = said("The control, for example CW-IAM-01.")
    status: CheckStatus = said("The worst of what its checks say.")
    since: datetime = said("Since when.")
    checks: int = said("How many checks it has: one for each account, or record of ours, that it is judged by.")
    assessed: int = said("How many of them could be assessed.")

    @derived("The tenant it belongs to.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


@strawberry.pydantic.input(description="Which checks; every field that is given must match.")
class CheckFilter(BaseModel):
    organization_id: strawberry.ID | None = Field(default=None, description="Of this tenant only.")
    account_id: strawberry.ID | None = Field(default=None, description="Of this account only.")
    control_ids: list[ControlId] | None = Field(default=None, max_length=100, description="Of these controls only.")
    statuses: list[CheckStatus] | None = Field(default=None, max_length=7, description="That say one of these only.")
    integrations: list[Integration] | None = Field(
        default=None, max_length=10, description="Judged by one of these only."
    )


@strawberry.pydantic.input(description="Which controls; every field that is given must match.")
class ControlStateFilter(BaseModel):
    organization_id: strawberry.ID | None = Field(default=None, description="Of this tenant only.")
    statuses: list[CheckStatus] | None = Field(default=None, max_length=7, description="That say one of these only.")


@strawberry.pydantic.input(description="What to judge now.")
class RunChecksInput(BaseModel):
    organization_id: strawberry.ID | None = ORGANIZATION
    control_ids: list[ControlId] = Field(default=[], max_length=100, description="These controls; empty: all.")
    account_id: strawberry.ID | None = Field(
        default=None, description="In this account; left out: in all, and by our own records."
    )
    idempotency_key: str | None = IDEMPOTENCY_KEY


RunChecksPayload = payload(
    "RunChecks", "job_id", strawberry.ID, "The job that judges them, of kind CHECKS; follow it with jobProgressed."
)


@strawberry.type(description="A check came to say something else.")
class ControlStatusChanged:
    cursor: Cursor = said("Place in the feed just after this message; pass it as `after` to go on from here.")
    at: datetime = said("When it was judged so.")
    change: CheckChange = said("What became of what.")


ControlFeed = Annotated[
    Union[ControlStatusChanged, StreamReset],  # noqa: UP007 - strawberry names the union through Annotated
    strawberry.union("ControlFeed", description="One message of the feed of controls."),
]
