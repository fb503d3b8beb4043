"""The register of vendors: what of theirs is let in, what they see, what assurance they give."""

from datetime import datetime
from typing import Any, ClassVar

from beanie import PydanticObjectId
from pydantic import BaseModel, Field

from documents.base import TenantDocument
from documents.register_entry import Entry, in_order
from domain.compliance.falling_due import LONGEST_NOTICE
from domain.facts.compliance import Integration


class HeldApp(BaseModel):
    """An app or integration that the vendor may have, as VendorApp of `domain/compliance/filed_records.py` says it."""

    integration: Integration
    app: str
    permissions: list[str] = Field(default_factory=list)


class Vendor(TenantDocument, Entry):
    """`tier` 1 is critical, 3 hardly matters. `sees` are labels of the data that the vendor sees.

    The report covers the time up to `period_end`, `bridge_letter_until` extends it, and `reviewed_by` has read it.
    `needs_baa` and `needs_dpa` say which terms must be signed.
    """

    noun: ClassVar[str] = "vendor"

    name: str
    tier: int
    owner_id: PydanticObjectId | None = None
    apps: list[HeldApp] = Field(default_factory=list)
    sees: list[str] = Field(default_factory=list)
    report_type: str | None = None
    period_end: datetime | None = None
    bridge_letter_until: datetime | None = None
    reviewed_by: str | None = None
    reviewed_at: datetime | None = None
    needs_baa: bool = False
    baa_signed_at: datetime | None = None
    needs_dpa: bool = False
    dpa_signed_at: datetime | None = None
    breach_notice_hours: int | None = None
    next_review_at: datetime | None = None

    class Settings:
        name = "vendors"
        indexes = [in_order()]

    @property
    def report(self) -> tuple[Any, ...]:
        """What a review of the report was of."""
        return self.report_type, self.period_end, self.bridge_letter_until


async def due_vendors(at: datetime) -> list[Vendor]:
    """Those of all organizations that must be reviewed within two weeks, or should have been."""
    query = {"retired_at": None, "next_review_at": {"$lte": at + LONGEST_NOTICE}}
    return [Vendor.stored(raw) async for raw in Vendor.rows().find(query).sort("next_review_at", 1)]
