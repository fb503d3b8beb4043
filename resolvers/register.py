"""The registers of vendors, risks and data, requests of people, exercises, and notices that are owed."""

from datetime import timedelta
from typing import Annotated, Any

import strawberry

import documents
from auth.permission import Permission
from documents.transaction import Transaction
from domain.compliance.registry import all_controls
from domain.compliance.risk import level_of
from domain.endpoint import check_endpoint
from domain.errors import Invalid
from domain.identity.provider import check_secure
from jobs.queue import ask_page_looks
from resolvers.context import Info
from resolvers.entry import AS_MADE, Fields, recorded
from resolvers.fields import mutation, query
from resolvers.governing import within
from resolvers.routing import WHAT
from schema.arguments import InOrganization
from schema.connection import DEFAULT_FIRST, After, Connection, First
from schema.privacy import (
    DataStore,
    Exercise,
    IncidentClock,
    PrivacyRequest,
    RecordDataStoreInput,
    RecordDataStorePayload,
    RecordExerciseInput,
    RecordExercisePayload,
    RecordIncidentClockInput,
    RecordIncidentClockPayload,
    RecordPrivacyRequestInput,
    RecordPrivacyRequestPayload,
)
from schema.register import (
    EntryInput,
    RecordRiskInput,
    RecordRiskPayload,
    RecordVendorInput,
    RecordVendorPayload,
    Risk,
    Vendor,
)

READ, MANAGE = Permission.COMPLIANCE_READ, Permission.COMPLIANCE_MANAGE
# The control whose parameters say within how many hours each regime wants its notice.
CLOCKS = "CW-INC-02"
# The one that judges pages of patients.
TRACKERS = "TC-PHI-12"


@strawberry.type
class RegisterQueries:
    @query(Connection[Vendor], may=READ, description="The register of vendors, the oldest entry first.")
    async def vendors(
        self, info: Info, organization_id: InOrganization = None, first: First = DEFAULT_FIRST, after: After = None
    ) -> Any:
        scope, pager = within(info.context.scope, organization_id), info.context.ports.pager
        return await pager.page(info, documents.Vendor, scope, {}, AS_MADE, first=first, after=after)

    @query(Connection[Risk], may=READ, description="The register of risks, the oldest entry first.")
    async def risks(
        self, info: Info, organization_id: InOrganization = None, first: First = DEFAULT_FIRST, after: After = None
    ) -> Any:
        scope, pager = within(info.context.scope, organization_id), info.context.ports.pager
        return await pager.page(info, documents.Risk, scope, {}, AS_MADE, first=first, after=after)

    @query(Connection[DataStore], may=READ, description="The inventory of data, the oldest entry first.")
    async def data_stores(
        self, info: Info, organization_id: InOrganization = None, first: First = DEFAULT_FIRST, after: After = None
    ) -> Any:
        scope, pager = within(info.context.scope, organization_id), info.context.ports.pager
        return await pager.page(info, documents.DataStore, scope, {}, AS_MADE, first=first, after=after)

    @query(Connection[PrivacyRequest], may=READ, description="What people ask of their data, the oldest entry first.")
    async def privacy_requests(
        self, info: Info, organization_id: InOrganization = None, first: First = DEFAULT_FIRST, after: After = None
    ) -> Any:
        scope, pager = within(info.context.scope, organization_id), info.context.ports.pager
        return await pager.page(info, documents.PrivacyRequest, scope, {}, AS_MADE, first=first, after=after)

    @query(Connection[Exercise], may=READ, description="Exercises of responding to incidents, the oldest entry first.")
    async def exercises(
        self, info: Info, organization_id: InOrganization = None, first: First = DEFAULT_FIRST, after: After = None
    ) -> Any:
        scope, pager = within(info.context.scope, organization_id), info.context.ports.pager
        return await pager.page(info, documents.Exercise, scope, {}, AS_MADE, first=first, after=after)

    @query(Connection[IncidentClock], may=READ, description="Notices owed for incidents, the oldest entry first.")
    async def incident_clocks(
        self, info: Info, organization_id: InOrganization = None, first: First = DEFAULT_FIRST, after: After = None
    ) -> Any:
        scope, pager = within(info.context.scope, organization_id), info.context.ports.pager
        return await pager.page(info, documents.IncidentClock, scope, {}, AS_MADE, first=first, after=after)


@strawberry.type
class RegisterMutations:
    @mutation(
        RecordVendorPayload,
        may=MANAGE,
        audit="vendor.record",
        description="Put a vendor on the register, or change what stands there of it.",
    )
    async def record_vendor(
        self, info: Info, input: Annotated[RecordVendorInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        if input.has_read_report and input.period_end is None:
            raise Invalid("Say until when the report covers what was read.", path=("input", "periodEnd"))

        def read_by(before: documents.Vendor | None) -> Fields:
            if not input.has_read_report:
                return {"reviewed_by": None, "reviewed_at": None}
            now = (input.report_type, input.period_end, input.bridge_letter_until)
            if before is not None and before.reviewed_by is not None and before.report == now:
                return {"reviewed_by": before.reviewed_by, "reviewed_at": before.reviewed_at}
            return {"reviewed_by": info.context.scope.actor, "reviewed_at": info.context.now()}

        fields = _own(input, {"has_read_report"})
        return await recorded(info, documents.Vendor, input, fields, ["CW-VEN-01", "CW-VEN-02"], read_by)

    @mutation(
        RecordRiskPayload,
        may=MANAGE,
        audit="risk.record",
        description="Put a risk on the register, or say that you have looked at it, with what it is now.",
    )
    async def record_risk(
        self, info: Info, input: Annotated[RecordRiskInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        unknown = sorted(set(input.control_ids) - {control.id for control in all_controls()})
        if unknown:
            raise Invalid(f"There is no such control as {', '.join(unknown)}.", path=("input", "controlIds"))
        fields = {
            **_own(input),
            "labels": [label.lower() for label in input.labels],
            "level": level_of(input.likelihood, input.impact).value,
            "next_review_at": info.context.now() + timedelta(days=input.review_days),
        }
        return await recorded(info, documents.Risk, input, fields, ["CW-RSK-01"])

    @mutation(
        RecordDataStorePayload,
        may=MANAGE,
        audit="data_store.record",
        description="Put a store of data into the inventory, or change what stands there of it.",
    )
    async def record_data_store(
        self, info: Info, input: Annotated[RecordDataStoreInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        _check_pages(input.patient_pages, info.context.ports.allow_private_endpoints)

        def ask(tx: Transaction, store: documents.DataStore) -> None:
            if store.patient_pages and store.retired_at is None:
                ask_page_looks(tx, store.org_id, store.id)

        return await recorded(info, documents.DataStore, input, _own(input), [TRACKERS], ask=ask)

    @mutation(
        RecordPrivacyRequestPayload,
        may=MANAGE,
        audit="privacy_request.record",
        description="Record a request about somebody's data, or how it stands now. It is answered only to whom it is "
        "known to come from.",
    )
    async def record_privacy_request(
        self, info: Info, input: Annotated[RecordPrivacyRequestInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        if input.due_at < input.received_at:
            raise Invalid("It must be due after it was received.", path=("input", "dueAt"))
        if input.answered_at is not None and input.identity_checked_at is None:
            raise Invalid("Say when it was known who asks before it was answered.", path=("input", "identityCheckedAt"))
        return await recorded(info, documents.PrivacyRequest, input, _own(input), [])

    @mutation(
        RecordExercisePayload,
        may=MANAGE,
        audit="exercise.record",
        description="Record an exercise of responding to an incident that was held.",
    )
    async def record_exercise(
        self, info: Info, input: Annotated[RecordExerciseInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        if input.held_at > info.context.now():
            raise Invalid("It must have been held.", path=("input", "heldAt"))
        return await recorded(info, documents.Exercise, input, _own(input), [CLOCKS])

    @mutation(
        RecordIncidentClockPayload,
        may=MANAGE,
        audit="incident_clock.record",
        description="Record a notice that is owed for an incident, or that it went out.",
    )
    async def record_incident_clock(
        self, info: Info, input: Annotated[RecordIncidentClockInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        due_at = input.due_at
        if due_at is None:
            hours = _hours().get(input.regime)
            if hours is None:
                raise Invalid("Say until when it is due: this regime's hours are not known.", path=("input", "dueAt"))
            due_at = input.started_at + timedelta(hours=hours)
        if due_at < input.started_at:
            raise Invalid("It must be due after it began.", path=("input", "dueAt"))
        fields = {**_own(input), "due_at": due_at}
        return await recorded(info, documents.IncidentClock, input, fields, [CLOCKS, "CW-PRV-05", "TC-PHI-11"])


def _own(input: EntryInput, besides: frozenset[str] | set[str] = frozenset()) -> dict[str, Any]:
    """The fields of the entry itself, as they are stored."""
    fields: dict[str, Any] = input.model_dump(exclude={*EntryInput.model_fields, *besides})
    return fields


def _check_pages(urls: list[str], allow_private: bool) -> None:
    """Raises Invalid for a page that may not be fetched."""
    for number, url in enumerate(urls):
        path = ("input", "patientPages", str(number))
        try:
            check_endpoint(url, allow_private)
            check_secure(url, allow_private)
        except Invalid as error:
            message = error.message.replace("issuer", "page").replace("endpoint", "page")
            raise Invalid(message, path=path) from error


def _hours() -> dict[str, int]:
    (control,) = (one for one in all_controls() if one.id == CLOCKS)
    hours: dict[str, int] = control.parameters["clocks_hours"]
    return hours
