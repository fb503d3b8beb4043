"""Exercises of responding to incidents."""

from datetime import datetime
from typing import ClassVar

from pydantic import Field

from documents.base import TenantDocument
from documents.register_entry import Entry, in_order
from domain.facts.register import ExerciseKind


class Exercise(TenantDocument, Entry):
    """What was played through at `held_at`, by whom, and what was learnt."""

    noun: ClassVar[str] = "exercise"

    kind: ExerciseKind
    scenario: str
    held_at: datetime
    participants: list[str] = Field(default_factory=list)
    lessons: str = ""

    class Settings:
        name = "exercises"
        indexes = [in_order()]
