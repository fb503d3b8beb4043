"""What people ask of the data about them, and when they were answered."""

from datetime import datetime
from typing import ClassVar

from documents.base import TenantDocument
from documents.register_entry import Entry, in_order
from domain.facts.register import PrivacyRequestKind


class PrivacyRequest(TenantDocument, Entry):
    """`reference` leads to the person in another system: nothing about them is kept here."""

    noun: ClassVar[str] = "privacy request"

    kind: PrivacyRequestKind
    reference: str
    received_at: datetime
    identity_checked_at: datetime | None = None
    due_at: datetime
    answered_at: datetime | None = None
    note: str = ""

    class Settings:
        name = "privacy_requests"
        indexes = [in_order()]
