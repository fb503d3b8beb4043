"""Registers the words of exceptions, owners and attestations for GraphQL."""

from domain.facts.governance import (
    AttestationKind,
    AttestationState,
    DriftKind,
    DriftState,
    ExceptionState,
    OwnerRole,
)
from schema.values import register_enum

register_enum(
    ExceptionState,
    "Where the request for an exception stands.",
    {
        ExceptionState.REQUESTED: "Nobody has decided yet.",
        ExceptionState.APPROVED: "Somebody else than who asked has approved it; it counts within its dates.",
        ExceptionState.REJECTED: "It was turned down.",
        ExceptionState.REVOKED: "It was approved, and was taken back or withdrawn.",
    },
)
register_enum(
    OwnerRole,
    "What somebody is for a control.",
    {
        OwnerRole.OWNER: "Answers for it.",
        OwnerRole.BACKUP: "Stands in for the owner.",
        OwnerRole.TESTER: "Signs off its evidence; neither owner nor backup.",
    },
)
register_enum(
    AttestationState,
    "Where a statement stands.",
    {
        AttestationState.SUBMITTED: "It waits for a reviewer.",
        AttestationState.ACCEPTED: "A reviewer has accepted it; it is judged until it expires.",
        AttestationState.RETURNED: "A reviewer has sent it back: submit another.",
    },
)
register_enum(
    AttestationKind,
    "What a statement is about.",
    {
        AttestationKind.BOARD_MINUTES: "Meetings of the board: CW-GOV-03.",
        AttestationKind.CONSENT_SAMPLE: "A sample of consents: CW-PRV-02.",
        AttestationKind.DR_EXERCISE_REPORT: "A recovery that was tried: CW-AVL-05.",
        AttestationKind.PEN_TEST_REPORT: "A test by outsiders: CW-VUL-05.",
        AttestationKind.PEOPLE_RECORDS: "Screening and training of people: CW-HRS-01.",
        AttestationKind.PHYSICAL_ATTESTATION: "Who guards buildings and media: CW-PHY-01.",
        AttestationKind.VENDOR_DOCUMENTS: "Reports and terms of vendors: CW-VEN-02.",
    },
)
register_enum(
    DriftState,
    "Where a change of configuration stands.",
    {
        DriftState.OPEN: "It is not settled.",
        DriftState.SETTLED: "It is as it was again, something of ours explains it, or people have accepted it.",
    },
)
register_enum(
    DriftKind,
    "How a resource differs from what is settled.",
    {
        DriftKind.ADDED: "It is there, and was not.",
        DriftKind.CHANGED: "It is configured otherwise.",
        DriftKind.GONE: "It was there, and is not.",
    },
)
