"""Anomalies of costs, what people say of them, and how they are found."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

import strawberry
from pydantic import BaseModel, Field

import documents
from domain.facts import anomaly
from domain.facts.anomaly import AnomalyDirection, AnomalyKind, AnomalySensitivity, AnomalyState
from domain.facts.money import Money
from domain.facts.severity import Severity
from schema.errors import payload
from schema.node import Node, derived, global_id, said, view
from schema.organization import IDEMPOTENCY_KEY
from schema.relation import organization_id_of
from schema.routing import EXPECTED_VERSION, ORGANIZATION
from schema.values import register_enum

register_enum(
    AnomalyDirection,
    "Which way costs went.",
    {AnomalyDirection.UP: "More than expected.", AnomalyDirection.DOWN: "Less than expected."},
)
register_enum(
    AnomalyKind,
    "What costs did.",
    {
        AnomalyKind.SPIKE: "A day or a few far above what was expected.",
        AnomalyKind.SUSTAINED: "A new level, or a steady rise.",
        AnomalyKind.NEW_SERVICE: "A service that had cost nothing before.",
        AnomalyKind.DROP: "Far less than expected.",
        AnomalyKind.COMMITMENT: "A commitment is used less, or covers less, than before.",
    },
)
register_enum(
    AnomalyState,
    "What has become of an anomaly.",
    {
        AnomalyState.OPEN: "Nobody has said anything yet.",
        AnomalyState.EXPECTED: "Somebody knew of it: the like is expected on the same weekday and day of the month.",
        AnomalyState.PLANNED: "Somebody planned it for certain days.",
        AnomalyState.NOT_RELEVANT: "Nobody needs to know: no more of this series up to this size for 100 days.",
        AnomalyState.FIXED: "Its reason was mended; it opens again when it goes on.",
        AnomalyState.RETRACTED: "The bill was corrected, and does not show it any more.",
    },
)
register_enum(
    AnomalySensitivity,
    "How much is told of.",
    {
        AnomalySensitivity.LOW: "Fewer anomalies, more of them right.",
        AnomalySensitivity.MEDIUM: "What most want.",
        AnomalySensitivity.HIGH: "More anomalies, more of them false.",
    },
)
ANOMALY_ID = Field(description="Global id of the anomaly.")
Factor = Annotated[float, Field(ge=0, le=1)]


@strawberry.type(description="One day of an anomaly.")
class AnomalyDay:
    day: date = said("The day (UTC).")
    actual: Money = said("What it cost.")
    expected: Money = said("What was expected.")
    low: Money = said("The lower end of what is usual on 95 of 100 days.")
    high: Money = said("The upper end of it.")
    confidence: float = said("How often such a day is a true anomaly, 0 to 1.")


@strawberry.type(description="A number to hold the worst day against.")
class AnomalyBaseline:
    name: str = said("What it is, for example: mean of the seven days before.")
    amount: Money | None = said("The number; null where there is none.")


@strawberry.type(description="A part of the costs of the worst day, and how far it moved.")
class AnomalyContributor:
    by: str = said("What it is one of: REGION, RESOURCE, CHARGE, or TAG and the tag's key.")
    value: str | None = said("Which one; null: costs without one.")
    actual: Money = said("What it cost on that day.")
    usual: Money = said("The mean of the same weekday in the four weeks before.")
    change: Money = said("How far it moved; negative is less.")
    is_new: bool = said("Whether it had cost nothing before.")


@strawberry.type(description="A condition of the rule: observed is at least required.")
class AnomalyGate:
    name: str = said("What is asked for.")
    observed: float = said("What was observed.")
    required: float = said("What it takes.")


@strawberry.type(description="What a person said of an anomaly.")
class AnomalyFeedback:
    state: AnomalyState = said("What they said.")
    note: str = said("Why, in their words.")
    by: str = said("Who, as kind:id like in the audit log.")
    at: datetime = said("When.")
    from_on: date | None = said("First planned day (UTC).")
    until_on: date | None = said("Last planned day (UTC); null: from then on.")


@view(
    documents.CostAnomaly,
    description="Days on which a service of an account cost other than expected, with every number it rests on.",
)
class CostAnomaly(Node):
    provider: str = said("Who sells the service.")
    billing_account_id: str = said("The account that is invoiced.")
    sub_account_id: str | None = said("The account, subscription or project, by the provider's own id.")
    service_name: str = said("The service.")
    direction: AnomalyDirection = said("More or less than expected.")
    kind: AnomalyKind = said("What the costs did.")
    severity: Severity = said("How bad it is, by what it comes to in thirty days.")
    state: AnomalyState = said("What has become of it.")
    ratio: float | None = said("Actual to expected on the worst day; null where nothing was expected.")
    confidence: float = said("How often the like is a true anomaly, 0 to 1.")
    is_provisional: bool = said("Whether the provider may still add to its last day.")
    summary: str = said("What was seen, in a sentence.")
    explained_ratio: float | None = said(
        "How much of the excess the contributors of the best dimension add up to, 0 to 1; null before it was looked at."
    )
    seen_at: datetime = said("When it was last looked at.")
    version: int = said("Rises with every change; pass it as expectedVersion.")
    first_on: strawberry.Private[datetime]
    last_on: strawberry.Private[datetime]
    currency: strawberry.Private[str]
    actual: strawberry.Private[Decimal]
    expected: strawberry.Private[Decimal]
    impact: strawberry.Private[Decimal]
    run_rate: strawberry.Private[Decimal]
    account_id: strawberry.Private[Any]
    days: strawberry.Private[list[Any]]
    gates: strawberry.Private[list[Any]]
    baselines: strawberry.Private[list[Any]]
    contributors: strawberry.Private[list[Any]]
    similar_ids: strawberry.Private[list[Any]]
    feedback: strawberry.Private[Any]

    @derived("First day (UTC).", reads=("first_on",), name="firstOn")
    def told_first(self) -> date:
        return self.first_on.date()

    @derived("Last flagged day so far (UTC).", reads=("last_on",), name="lastOn")
    def told_last(self) -> date:
        return self.last_on.date()

    @derived("What its days cost together.", reads=("actual", "currency"), name="actual")
    def told_actual(self) -> Money:
        return Money(amount=self.actual, currency=self.currency)

    @derived("What was expected of them together.", reads=("expected", "currency"), name="expected")
    def told_expected(self) -> Money:
        return Money(amount=self.expected, currency=self.currency)

    @derived("The money at stake so far: actual less expected.", reads=("impact", "currency"), name="impact")
    def told_impact(self) -> Money:
        return Money(amount=self.impact, currency=self.currency)

    @derived("What thirty days like these come to.", reads=("run_rate", "currency"), name="runRate")
    def told_run_rate(self) -> Money:
        return Money(amount=self.run_rate, currency=self.currency)

    @derived("The connected account; null where none is.", reads=("account_id",), name="accountId")
    def told_account(self) -> strawberry.ID | None:
        return None if self.account_id is None else global_id("Account", self.account_id)

    @derived("Its flagged days, oldest first.", reads=("days", "currency"), name="days")
    def told_days(self) -> list[AnomalyDay]:
        found = [anomaly.AnomalyDay.model_validate(day, from_attributes=True) for day in self.days]
        return [
            AnomalyDay(
                day=one.day,
                actual=Money(amount=one.actual, currency=self.currency),
                expected=Money(amount=one.expected, currency=self.currency),
                low=Money(amount=one.low, currency=self.currency),
                high=Money(amount=one.high, currency=self.currency),
                confidence=one.confidence,
            )
            for one in found
        ]

    @derived("What the rule asked for, and what was observed, on the first day.", reads=("gates",), name="gates")
    def told_gates(self) -> list[AnomalyGate]:
        found = [anomaly.AnomalyGate.model_validate(gate, from_attributes=True) for gate in self.gates]
        return [AnomalyGate(name=gate.name, observed=gate.observed, required=gate.required) for gate in found]

    @derived("Other numbers to hold the worst day against.", reads=("baselines", "currency"), name="baselines")
    def told_baselines(self) -> list[AnomalyBaseline]:
        found = [anomaly.AnomalyBaseline.model_validate(one, from_attributes=True) for one in self.baselines]
        return [
            AnomalyBaseline(
                name=one.name,
                amount=None if one.amount is None else Money(amount=one.amount, currency=self.currency),
            )
            for one in found
        ]

    @derived(
        "The parts that make up most of the excess of the worst day, by what explains it best first.",
        reads=("contributors", "currency"),
        name="contributors",
    )
    def told_contributors(self) -> list[AnomalyContributor]:
        found = [anomaly.AnomalyContributor.model_validate(one, from_attributes=True) for one in self.contributors]
        return [
            AnomalyContributor(
                by=one.by,
                value=one.value,
                actual=Money(amount=one.actual, currency=self.currency),
                usual=Money(amount=one.usual, currency=self.currency),
                change=Money(amount=one.change, currency=self.currency),
                is_new=one.is_new,
            )
            for one in found
        ]

    @derived("Anomalies of the same series before that looked alike.", reads=("similar_ids",), name="similarIds")
    def told_similar(self) -> list[strawberry.ID]:
        return [global_id("CostAnomaly", id) for id in self.similar_ids]

    @derived("What a person said of it; null: nothing yet.", reads=("feedback",), name="feedback")
    def told_feedback(self) -> AnomalyFeedback | None:
        if self.feedback is None:
            return None
        one = anomaly.AnomalyFeedback.model_validate(self.feedback, from_attributes=True)
        return AnomalyFeedback(**{name: getattr(one, name) for name in type(one).model_fields})

    @derived("The tenant it belongs to.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


@strawberry.pydantic.input(description="Which anomalies; every field that is given must match.")
class CostAnomalyFilter(BaseModel):
    organization_id: strawberry.ID | None = Field(default=None, description="Of this tenant only.")
    states: list[AnomalyState] | None = Field(default=None, max_length=6, description="In these states only.")
    severities: list[Severity] | None = Field(default=None, max_length=5, description="Of these severities only.")
    service_names: list[Annotated[str, Field(max_length=200)]] | None = Field(
        default=None, max_length=100, description="Of these services only."
    )
    sub_account_ids: list[Annotated[str, Field(max_length=200)]] | None = Field(
        default=None, max_length=100, description="Of these accounts only, by the provider's own id."
    )


@strawberry.pydantic.input(description="What you say of an anomaly.")
class GiveAnomalyFeedbackInput(BaseModel):
    anomaly_id: strawberry.ID = ANOMALY_ID
    feedback: AnomalyState | None = Field(
        description="EXPECTED, PLANNED, NOT_RELEVANT or FIXED; null takes back what was said."
    )
    note: str = Field(default="", max_length=1000, description="Why.")
    from_on: date | None = Field(default=None, description="First planned day (UTC); with PLANNED only.")
    until_on: date | None = Field(default=None, description="Last planned day (UTC); left out: from then on.")
    expected_version: int | None = EXPECTED_VERSION
    idempotency_key: str | None = IDEMPOTENCY_KEY


GiveAnomalyFeedbackPayload = payload("GiveAnomalyFeedback", "anomaly", CostAnomaly, "The anomaly now.")


@strawberry.type(description="How an organization wants anomalies of its costs found and told.")
class AnomalySettings:
    organization_id: strawberry.ID = said("The tenant they are of.")
    minimum_impact: Decimal = said("What a day must cost above what was expected, in the currency billed.")
    minimum_percent: int = said("The same in percent of a usual day; both must be reached.")
    sensitivity: AnomalySensitivity = said("How much is told of.")
    finds_drops: bool = said("Whether days that cost far less than expected are told of too.")
    tell_from: float = said("From this confidence (0 to 1) alerts have their full severity; below it they are LOW.")
    version: int = said("Rises with every change; 0: as everybody begins.")


@strawberry.pydantic.input(description="What to change; what is left out stays.")
class ChangeAnomalySettingsInput(BaseModel):
    organization_id: strawberry.ID | None = ORGANIZATION
    minimum_impact: Decimal | None = Field(
        default=None, ge=0, max_digits=20, decimal_places=4, description="An amount in the currency billed."
    )
    minimum_percent: int | None = Field(default=None, ge=0, le=1000, description="Percent of a usual day.")
    sensitivity: AnomalySensitivity | None = Field(default=None, description="How much is told of.")
    finds_drops: bool | None = Field(default=None, description="Whether drops are told of too.")
    tell_from: Factor | None = Field(default=None, description="A confidence, 0 to 1.")
    expected_version: int | None = Field(default=None, ge=0, description="The version you worked from.")
    idempotency_key: str | None = IDEMPOTENCY_KEY


ChangeAnomalySettingsPayload = payload("ChangeAnomalySettings", "settings", AnomalySettings, "The settings now.")
