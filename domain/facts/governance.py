"""The words of what people decide and file for compliance: exceptions, owners, attestations, policies."""

from enum import StrEnum


class ExceptionState(StrEnum):
    """Where the request for an exception stands. Only what is APPROVED and within its dates exempts anything."""

    REQUESTED = "REQUESTED"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    REVOKED = "REVOKED"


class OwnerRole(StrEnum):
    """What somebody is for a control. TESTER signs off its evidence, and is neither of the other two."""

    OWNER = "OWNER"
    BACKUP = "BACKUP"
    TESTER = "TESTER"


class AttestationState(StrEnum):
    """Where a statement stands. Only what a reviewer has ACCEPTED is judged."""

    SUBMITTED = "SUBMITTED"
    ACCEPTED = "ACCEPTED"
    RETURNED = "RETURNED"


class AttestationKind(StrEnum):
    """What a statement is about; each is judged by one control."""

    BOARD_MINUTES = "BOARD_MINUTES"
    CONSENT_SAMPLE = "CONSENT_SAMPLE"
    DR_EXERCISE_REPORT = "DR_EXERCISE_REPORT"
    PEN_TEST_REPORT = "PEN_TEST_REPORT"
    PEOPLE_RECORDS = "PEOPLE_RECORDS"
    PHYSICAL_ATTESTATION = "PHYSICAL_ATTESTATION"
    VENDOR_DOCUMENTS = "VENDOR_DOCUMENTS"


class DriftState(StrEnum):
    """Where a change of configuration stands. SETTLED: it is as it was, something of ours explains it, or people have
    accepted it.
    """

    OPEN = "OPEN"
    SETTLED = "SETTLED"


class DriftKind(StrEnum):
    """How a resource differs from what is settled: it should not be there, is another, or should be there."""

    ADDED = "ADDED"
    CHANGED = "CHANGED"
    GONE = "GONE"
