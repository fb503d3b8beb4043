"""What people file for the organization, and our own record of what we write into other systems, as rows.

The same rules hold as for `domain/compliance/own_records.py`.
"""

from datetime import datetime
from typing import TypedDict


class BoardMinutes(TypedDict):
    """A meeting of the board at `held_at`: who was there, who of them is independent of management, what about."""

    held_at: datetime
    attendees: list[str]
    independent_members: list[str]
    topics: list[str]
    decisions: list[str]


class VendorApp(TypedDict):
    """An app of a vendor on the register. `integration` is where it is installed, by Integration's value.

    `app` is how that system names it: the slug, the client or application id, or the label. `permissions` are those
    approved: `name:level` for GitHub, scopes elsewhere.
    """

    vendor: str
    integration: str
    app: str
    permissions: list[str]


class Sale(TypedDict):
    """A time in which costs are declared to rise: from midnight of `first` up to but without `until`, by `name`.

    `starts_at` is the moment at which traffic rises, None where only the day is known. `account` is the account that it
    is about, as its provider numbers it, None for all.
    """

    name: str
    first: datetime
    until: datetime
    starts_at: datetime | None
    account: str | None


class PatientPage(TypedDict):
    """A page of patients by its `url`, which the inventory of data names: the `hosts` it called when it was last read.

    `read_at` is when that was, None before the first time; `problem` says why it could not be read since.
    """

    url: str
    read_at: datetime | None
    hosts: list[str]
    problem: str | None


class VendorDocument(TypedDict):
    """What a vendor of `tier` 1 to 3 has given: a report of `report_type` up to `period_end`, read by `reviewed_by`.

    `bridge_letter_until` extends it. `needs_baa` and `needs_dpa` say which terms it must sign, `baa_signed_at` and
    `dpa_signed_at` when it has; it tells of a breach within `breach_notice_hours`.
    """

    vendor: str
    tier: int
    report_type: str | None
    period_end: datetime | None
    bridge_letter_until: datetime | None
    reviewed_by: str | None
    needs_baa: bool
    baa_signed_at: datetime | None
    needs_dpa: bool
    dpa_signed_at: datetime | None
    breach_notice_hours: int | None


class PersonRecord(TypedDict):
    """A person who works here: when hired, screened, given access, when the contract was signed.

    When last trained in security, `role_training` for the role (None: not needed), and last appraised.
    """

    person: str
    hired_at: datetime
    screened_at: datetime | None
    access_at: datetime | None
    contract_signed_at: datetime | None
    training_completed_at: datetime | None
    role_training: str | None
    appraisal_at: datetime | None


class PhysicalAttestation(TypedDict):
    """Who guards buildings: the name of the `provider_report`, None where there is none, up to `period_end`.

    When the duties it leaves to us were reviewed and the register of devices was made; how many `devices_retired`, and
    how many `disposal_certificates` there are for them.
    """

    provider_report: str | None
    period_end: datetime | None
    complementary_controls_reviewed_at: datetime | None
    asset_register_at: datetime | None
    devices_retired: int
    disposal_certificates: int


class PenTestReport(TypedDict):
    """A test by outsiders: who made it, how they are independent, what is open after `retest_dated_at`."""

    report_dated_at: datetime
    tester: str
    independence_statement: str | None
    critical_open: int
    high_open: int
    retest_dated_at: datetime | None


class RecoveryExercise(TypedDict):
    """A recovery that was tried at `held_at`: minutes it should and did take, minutes of data it may and did lose.

    `actions_open` are not done yet; `retest_met_at` is when a later try met a target missed here.
    """

    held_at: datetime
    scenario: str
    rto_target_minutes: float
    rto_measured_minutes: float
    rpo_target_minutes: float
    rpo_measured_minutes: float
    actions_open: int
    retest_met_at: datetime | None


class ConsentSample(TypedDict):
    """A sample of `sample_size` people of a `population`, taken at `sampled_at` and read by `reviewed_by`.

    For how many the consent was found and the purpose fits; `exceptions_fixed` of the others have been mended.
    """

    sampled_at: datetime
    sample_size: int
    population: int
    consent_found: int
    purpose_match: int
    exceptions_fixed: int
    reviewed_by: str | None


class MessagePosted(TypedDict):
    """A message we have posted to Slack, or tried to. `purpose` is heartbeat, failure or status_change.

    `control_id` is what it is about, None for a heartbeat. `ok` is the last answer of `attempts`, at `posted_at`; `ts`
    names the message in its `channel`, and `error` is Slack's word for why not.
    """

    purpose: str
    control_id: str | None
    channel: str
    ok: bool
    ts: str | None
    attempts: int
    posted_at: datetime
    error: str | None


class IssueOpened(TypedDict):
    """A ticket we have opened for a failing control: `key` in Jira, when, and until when it should be closed."""

    key: str
    control_id: str
    severity: str
    failed_at: datetime
    created_at: datetime
    due_at: datetime | None


class IssueMoved(TypedDict):
    """A ticket of ours that we have moved: to which status, when, and whether to reopen what was closed too early."""

    key: str
    control_id: str
    to_status: str
    is_reopening: bool
    moved_at: datetime
