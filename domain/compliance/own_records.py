"""What we know ourselves, as procedures look at it: the rows of every `platform:` and `manual:` operation.

A page is a list of rows; what people file is in `filed_records.py`. Times are aware, shares 0 to 1, None not known.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import TypedDict

from domain.compliance.access_reviews import ReviewedAccess
from domain.compliance.filed_records import (
    BoardMinutes,
    ConsentSample,
    IssueMoved,
    IssueOpened,
    MessagePosted,
    PatientPage,
    PenTestReport,
    PersonRecord,
    PhysicalAttestation,
    RecoveryExercise,
    Sale,
    VendorApp,
    VendorDocument,
)


class AccessReviewCampaign(TypedDict):
    """One review of who has access. `opened_at`, `due_at` and `completed_at` (None while open) bound it.

    `items_total` accesses were to be decided and `items_decided` were. Of `revocations_requested`,
    `revocations_confirmed` are done, `revocations_late` of them later than 7 days. `oldest_unconfirmed_at` is when the
    first that is still not done was asked for.
    """

    campaign: str
    opened_at: datetime
    due_at: datetime
    completed_at: datetime | None
    items_total: int
    items_decided: int
    revocations_requested: int
    revocations_confirmed: int
    revocations_late: int
    oldest_unconfirmed_at: datetime | None


class ChainVerified(TypedDict):
    """What walking a hash chain has found: from `first_sequence` to `last_sequence`.

    `broken_at` is the first sequence that does not fit, None where all do. Everything up to `anchored_until` is sealed.
    """

    first_sequence: int
    last_sequence: int
    broken_at: int | None
    anchored_until: datetime | None


class AnomalyModels(TypedDict):
    """When the models of cost anomalies last ran, and over how many of the accounts connected."""

    last_run_at: datetime | None
    accounts_covered: int
    accounts_total: int


class AlertDeliveries(TypedDict):
    """The notices of 7 days: how many `attempted` and `delivered`, 95 of 100 within `p95_seconds`.

    `escalation_steps` are those of the longest escalation path, 0 where there is none.
    """

    attempted: int
    delivered: int
    p95_seconds: float | None
    escalation_steps: int


class DriftEvent(TypedDict):
    """A change that is not settled: what `resource` of `account_id` differs since `opened_at`, for `open_over_days`."""

    resource: str
    account_id: str
    opened_at: datetime
    open_over_days: float


class SyncRun(TypedDict):
    """How an account is read: every `cadence_minutes`, in whole last at `last_success_at` (None: never)."""

    account_id: str
    last_success_at: datetime | None
    cadence_minutes: int


class BudgetOutlook(TypedDict):
    """A budget by `name`; `forecast_ratio` is the spend foreseen over its amount, None if not foreseen."""

    name: str
    forecast_ratio: float | None


class ServiceLevel(TypedDict):
    """A service by `name`: the share of 30 days it was up, its target, and the ms 95 of 100 answers take."""

    name: str
    availability_30d: float
    availability_target: float
    p95_ms: float | None


class ControlResult(TypedDict):
    """What is said of a control now: `status` is a CheckStatus, `severity` a Severity, by their values.

    `first_failed_at` is since when it fails without a break and `ticket_key` the ticket that follows it.
    """

    control_id: str
    severity: str
    status: str
    first_failed_at: datetime | None
    changed_at: datetime
    ticket_key: str | None


class IncidentClock(TypedDict):
    """A notice owed for an `incident` to a `regime` (gdpr, hipaa, cert_in, rbi ...).

    It runs from `started_at` to `due_at`; `sent_at` is when the notice went out.
    """

    incident: str
    regime: str
    started_at: datetime
    due_at: datetime
    sent_at: datetime | None


class Exercises(TypedDict):
    """When responding to an incident was last played through."""

    last_tabletop_at: datetime | None


class PolicyState(TypedDict):
    """A policy by `policy`, in the `version` in force. `is_required` by a framework that is followed.

    `approved_at` and `approved_by` (an id) are None where nobody has; `next_review_at` is when it must be looked at.
    """

    policy: str
    is_required: bool
    version: str
    approved_at: datetime | None
    approved_by: str | None
    next_review_at: datetime | None


class PolicyAcknowledgement(TypedDict):
    """Of the `required` people, how many have `acknowledged` the version in force. `required_emails` names them all."""

    policy: str
    version: str
    acknowledged: int
    required: int
    required_emails: list[str]


class ControlOwner(TypedDict):
    """Who answers for a control: people by id, None where nobody is named.

    `owner_email` is how a directory knows the owner; `owner_is_active` whether they are still a member here.
    `tester_user_id` is who signs off its evidence. `overdue_actions` counts what is assigned for it and late.
    """

    control_id: str
    owner_user_id: str | None
    owner_email: str | None
    owner_is_active: bool
    backup_user_id: str | None
    tester_user_id: str | None
    overdue_actions: int


class CheckRuns(TypedDict):
    """The checks of 24 hours: how many were `scheduled` and `completed`; of these, `late` or in `error`."""

    scheduled: int
    completed: int
    late: int
    error: int


class IntegrationHealth(TypedDict):
    """A connection: `status` is healthy, degraded or down, since `since`."""

    integration: str
    account_id: str
    status: str
    since: datetime


class HttpProbe(TypedDict):
    """A public page that was fetched. `purpose` is security, status, terms, contact, privacy or security_txt.

    `status_code` is None where nobody answered, `is_tls` whether that was over verified TLS. `body_sha256` is of what
    was answered, `approved_sha256` of what was approved. `last_reviewed_at` is when a person last looked. `sections`
    are those found of purpose, retention, sharing, choice, contact; `security_txt_expires` is the Expires field.
    """

    url: str
    purpose: str
    status_code: int | None
    is_tls: bool
    body_sha256: str | None
    approved_sha256: str | None
    last_reviewed_at: datetime | None
    sections: list[str]
    security_txt_expires: datetime | None


class RiskLink(TypedDict):
    """A risk of the register: `level` is high, medium or low; `control_ids` treat it, and `worst_status` is theirs."""

    risk_id: str
    level: str
    control_ids: list[str]
    worst_status: str | None


class JobRuns(TypedDict):
    """The background work of 24 hours. `dead` was given up and waits for a person, first since `oldest_dead_at`."""

    queued: int
    succeeded: int
    failed: int
    dead: int
    oldest_dead_at: datetime | None


class ExportMade(TypedDict):
    """A file made of data. `permission` is the one it needed and `was_permitted` whether `requested_by` held it.

    `row_count` rows are in it, of `source_count` that match. `downloaded_by` are the ids of who took it, and
    `downloaded_without_permission` those of them who did not hold that permission.
    """

    export_id: str
    requested_by: str
    permission: str
    was_permitted: bool
    row_count: int
    source_count: int
    sha256: str | None
    downloaded_by: list[str]
    downloaded_without_permission: list[str]


_RECORDS: Mapping[str, type] = {
    "platform:access_review_campaigns": AccessReviewCampaign,
    "platform:access_review_items": ReviewedAccess,
    "platform:alert_deliveries": AlertDeliveries,
    "platform:anomaly_models": AnomalyModels,
    "platform:audit_log.verify": ChainVerified,
    "platform:budgets": BudgetOutlook,
    "platform:check_runs": CheckRuns,
    "platform:control_owners": ControlOwner,
    "platform:control_results": ControlResult,
    "platform:drift_events": DriftEvent,
    "platform:evidence_chain.verify": ChainVerified,
    "platform:exercises": Exercises,
    "platform:exports": ExportMade,
    "platform:http_probe": HttpProbe,
    "platform:incident_clocks": IncidentClock,
    "platform:integrations.health": IntegrationHealth,
    "platform:job_runs": JobRuns,
    "platform:patient_pages": PatientPage,
    "platform:policies": PolicyState,
    "platform:policy_acknowledgements": PolicyAcknowledgement,
    "platform:risk_links": RiskLink,
    "platform:sales": Sale,
    "platform:slo_measurements": ServiceLevel,
    "platform:sync_runs": SyncRun,
    "platform:vendor_apps": VendorApp,  # the catalogue names no call for it; CW-VEN-01 compares with it
    "manual:board_minutes": BoardMinutes,
    "manual:consent_sample": ConsentSample,
    "manual:dr_exercise_report": RecoveryExercise,
    "manual:pen_test_report": PenTestReport,
    "manual:people_records": PersonRecord,
    "manual:physical_attestation": PhysicalAttestation,
    "manual:vendor_documents": VendorDocument,
}
_WRITES: Mapping[str, type] = {
    "chat.postMessage": MessagePosted,
    "POST /rest/api/3/issue": IssueOpened,
    "POST /rest/api/3/issue/{issueIdOrKey}/transitions": IssueMoved,
}
# What each operation's rows are.
OPERATIONS: Mapping[str, type] = {**_RECORDS, **_WRITES}
