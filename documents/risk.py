"""The register of risks."""

from datetime import datetime
from typing import ClassVar

from beanie import PydanticObjectId
from pydantic import Field

from documents.base import TenantDocument
from documents.register_entry import Entry, in_order
from domain.facts.register import RiskLevel, RiskTreatment


class Risk(TenantDocument, Entry):
    """`likelihood` and `impact` are 1 to 5 and give the `level`. `control_ids` treat it.

    Whoever records it has looked at it, at `changed_at`; it is looked at again by `next_review_at`.
    """

    noun: ClassVar[str] = "risk"

    title: str
    description: str = ""
    likelihood: int
    impact: int
    level: RiskLevel
    treatment: RiskTreatment
    owner_id: PydanticObjectId
    control_ids: list[str] = Field(default_factory=list)
    labels: list[str] = Field(default_factory=list)
    review_days: int
    next_review_at: datetime

    class Settings:
        name = "risks"
        indexes = [in_order()]
