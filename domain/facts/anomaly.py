"""The words in which an anomaly of costs is told."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class AnomalyDirection(StrEnum):
    """UP: more than expected. DOWN: less."""

    UP = "UP"
    DOWN = "DOWN"


class AnomalyKind(StrEnum):
    """What the costs did. COMMITMENT: commitments were used less, or covered less, than before."""

    SPIKE = "SPIKE"
    SUSTAINED = "SUSTAINED"
    NEW_SERVICE = "NEW_SERVICE"
    DROP = "DROP"
    COMMITMENT = "COMMITMENT"


class AnomalyState(StrEnum):
    """EXPECTED, PLANNED, NOT_RELEVANT and FIXED are what a person said. RETRACTED: the costs were corrected."""

    OPEN = "OPEN"
    EXPECTED = "EXPECTED"
    PLANNED = "PLANNED"
    NOT_RELEVANT = "NOT_RELEVANT"
    FIXED = "FIXED"
    RETRACTED = "RETRACTED"


SAID_BY_PEOPLE = frozenset({AnomalyState.EXPECTED, AnomalyState.PLANNED, AnomalyState.NOT_RELEVANT, AnomalyState.FIXED})


class AnomalySensitivity(StrEnum):
    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"


class AnomalyDay(BaseModel):
    """One day of an anomaly: what it cost, what was expected and the range around it, all in the currency billed.

    `confidence` (0 to 1) is how often such a day is a true anomaly.
    """

    model_config = ConfigDict(frozen=True)

    day: date
    actual: Decimal
    expected: Decimal
    low: Decimal
    high: Decimal
    confidence: float = Field(ge=0, le=1)


class AnomalyGate(BaseModel):
    """What a rule asks for: `observed` must reach `required`."""

    model_config = ConfigDict(frozen=True)

    name: str
    observed: float
    required: float


class AnomalyBaseline(BaseModel):
    """Another number to hold the day against, such as the mean of the last seven days; None: there is none."""

    model_config = ConfigDict(frozen=True)

    name: str
    amount: Decimal | None


class AnomalyContributor(BaseModel):
    """A part of the costs and how far it moved: `change` is the day less the mean of the same weekday in four weeks.

    `by` says what the part is one of (REGION, RESOURCE, CHARGE, TAG and a key), `value` which one; None: without one.
    """

    model_config = ConfigDict(frozen=True)

    by: str
    value: str | None
    actual: Decimal
    usual: Decimal
    change: Decimal
    is_new: bool


class AnomalyFeedback(BaseModel):
    """What a person said of an anomaly. `from_on` and `until_on` (inclusive) are the days that were planned."""

    model_config = ConfigDict(frozen=True)

    state: AnomalyState
    note: str = ""
    by: str
    at: datetime
    from_on: date | None = None
    until_on: date | None = None
