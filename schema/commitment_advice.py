"""What to commit to, worked out of what other savings leave, beside what providers recommend."""

from datetime import date, datetime
from decimal import Decimal

import strawberry

from domain.commitments.caveats import Confidence
from domain.commitments.offers import RateSource
from domain.facts.provider import Provider
from schema.node import said
from schema.values import register_enum

register_enum(
    RateSource,
    "Where the rate of a way to commit comes from.",
    {
        RateSource.RECOMMENDATION: "From the provider's own recommendation, by its own numbers.",
        RateSource.PRICE_LIST: "Printed by the provider, the same for everybody.",
        RateSource.HELD: "From a commitment that is held already, as the bill shows it.",
    },
    name="CommitmentRateSource",
)
register_enum(
    Confidence,
    "How far the days that were looked at carry.",
    {
        Confidence.HIGH: "Four weeks at least of spend by the hour that does not fall.",
        Confidence.MEDIUM: "Two weeks at least of spend that does not fall.",
        Confidence.LOW: "Fewer days, old ones, or a spend that falls: wait, or commit to less.",
    },
    name="CommitmentAdviceConfidence",
)


@strawberry.type(description="A way to commit that a provider sells.")
class CommitmentRate:
    offer: str = said("What is sold, by its name, such as Compute Savings Plan.")
    months: int = said("For how many months.")
    payment: str = said("How it is paid, in the provider's word, such as No Upfront.")
    family: str | None = said("Of this family alone, such as m5; null: of any.")
    region: str | None = said("In this region alone; null: in any.")
    discount_ratio: Decimal = said("What is committed costs that much less than on demand: 0.28 is 28 percent less.")
    source: RateSource = said("Where the rate comes from.")
    says: str = said("Where the rate comes from, in words.")


@strawberry.type(
    description="What the provider itself recommends. It does not know of the other savings that are open."
)
class ProviderCommitmentRecommendation:
    offer: str = said("What it would sell, by its name.")
    months: int = said("For how many months.")
    payment: str = said("How it is paid.")
    family: str | None = said("Of this family alone; null: of any.")
    region: str | None = said("In this region alone; null: in any.")
    hourly: Decimal | None = said("What it would have committed an hour; null where it names no price.")
    monthly_saving: Decimal | None = said("What it says that saves a month.")
    currency: str | None = said("Currency of both; null where it does not say.")
    read_at: datetime | None = said("When the account it comes from was last synced.")
    saving_on_what_is_left: Decimal | None = said(
        "What it would save a month on what the other savings leave, below zero when it is too much; null where it "
        "cannot be compared."
    )
    difference: Decimal | None = said("How much more the advice saves a month then; null where it cannot be compared.")
    says: str = said("Why the two differ, or why they cannot be compared.")


@strawberry.type(description="How much to commit to, at one rate. Amounts are in the currency of the bill.")
class CommitmentWay:
    rate: CommitmentRate = said("The way to commit.")
    hourly: Decimal = said("What to commit an hour, as it is paid; 0: nothing at this rate.")
    monthly_saving: Decimal = said("What that would have saved a month.")
    break_even_months: Decimal | None = said(
        "After how many months of the same use the whole commitment is earned; null for none."
    )
    upfront: Decimal = said("What is paid at once.")
    coverage_ratio: Decimal = said("The share of what is left that it would have covered, 0 to 1.")
    utilization_ratio: Decimal = said("The share of it that would have been used, 0 to 1.")


@strawberry.type(description="What was spent on demand in one family and region.")
class CommitmentFamily:
    family: str = said("The family, in the provider's word, such as m5 or Dsv5.")
    region: str = said("The region; empty where the bill names none.")
    on_demand: Decimal = said("What was spent a month.")


@strawberry.type(
    description="Advice for what one kind of commitment covers on one bill. The ways are alternatives: two that cover "
    "the same are never both to be bought. Amounts are a month, in the currency of the bill."
)
class CommitmentAdvice:
    provider: Provider = said("The cloud.")
    billing_account_id: str = said("Whose bill it is.")
    currency: str = said("Currency of every amount.")
    covers: str = said("What such commitments cover, in words.")
    covers_source: str = said("Where the provider writes what they cover.")
    first: date = said("First day that was looked at (UTC).")
    until: date = said("The day after the last one (UTC): the newest day of a bill is not complete, and is left out.")
    days: int = said("How many days of these have charges.")
    is_hourly: bool = said("Whether hours were looked at; else sums of days.")
    rows: int = said("How many rows of the bill were added up.")
    costs_loaded_at: datetime = said("When the bill was last loaded.")
    on_demand: Decimal = said("What was spent on demand.")
    other_savings: Decimal = said("Open savings on it, each resource once, which were taken off first.")
    savings_count: int = said("On how many resources these are.")
    unused_commitments: Decimal = said("What present commitments could still cover, taken off next.")
    left: Decimal = said("What is left to commit to.")
    families: list[CommitmentFamily] = said("The spend by family and region, the most first; at most 100.")
    ways: list[CommitmentWay] = said("How much to commit to, by rate, the most saving first; at most 100.")
    recommendations: list[ProviderCommitmentRecommendation] = said(
        "What the provider recommends, the most saving first; at most 100."
    )
    confidence: Confidence = said("How far the days carry.")
    caveats: list[str] = said("What to know before buying, in sentences.")
    next_steps: list[str] = said("What to do where no rate is known; empty otherwise.")


@strawberry.type(description="What to commit to, and what the providers recommend.")
class CommitmentAdviceReport:
    advice: list[CommitmentAdvice] = said("For each bill and each kind of commitment, the largest bill first.")
    bills: int = said("How many bills were looked at.")
    bills_left_out: int = said("How many smaller bills were not looked at.")
    next_steps: list[str] = said("What to do where there is no advice at all; empty otherwise.")
