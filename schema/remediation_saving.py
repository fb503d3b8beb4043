"""What remediations have saved, in groups."""

from datetime import date, timedelta

import strawberry
from pydantic import BaseModel, Field

from domain.errors import Invalid
from domain.facts.money import Money
from domain.remediation.saving_groups import SavingGrouping
from schema import remediation_values as remediation_values
from schema.directives import Cost
from schema.node import said

# Three years.
MOST_DAYS = 1100
MOST_GROUPS = 500
ONE_CURRENCY = (Cost(list_size=1),)


@strawberry.type(description="What remediations that have something in common save.")
class RemediationSavingGroup:
    key: str | None = said(
        "What they have in common: id of the rule, month as 2026-01, global id of the Account, or team; null for those "
        "of no team, and in the totals."
    )
    title: str = said("The same for people to read.")
    estimated_monthly_savings: list[Money] = said(
        "What was expected of all that are done, a month, by currency.", directives=ONE_CURRENCY
    )
    realised_monthly_savings: list[Money] = said(
        "What bills tell of those of which it is known, a month, by currency.", directives=ONE_CURRENCY
    )
    monthly_savings: list[Money] = said(
        "What was realised where that is known, and else what was expected, a month, by currency. What was rolled back "
        "saves nothing.",
        directives=ONE_CURRENCY,
    )
    done_count: int = said("How many are done and were not rolled back.")
    known_count: int = said("Of how many of them it is known what they save.")
    waiting_count: int = said("How many of them wait for the bill of the days after.")
    regressed_count: int = said("Of how many of them the finding is, or was, open again.")
    rolled_back_count: int = said("How many others were rolled back.")


@strawberry.type(description="What remediations save, in groups, and in all.")
class RemediationSavings:
    groups: list[RemediationSavingGroup] = said(
        f"Months in their order; of others first those that save most. At most {MOST_GROUPS}; empty where nothing was "
        "done.",
        directives=(Cost(list_size=100),),
    )
    group_count: int = said(f"How many groups there are; more than are listed, where there are over {MOST_GROUPS}.")
    total: RemediationSavingGroup = said("All groups together.")


@strawberry.pydantic.input(description="Which remediations, and how they are grouped.")
class RemediationSavingsInput(BaseModel):
    organization_id: strawberry.ID | None = Field(
        default=None, description="Of this tenant only; of all in reach when left out."
    )
    first: date = Field(description="The first day, in UTC, on which the first call may have been made.")
    until: date = Field(description=f"The day after the last, {MOST_DAYS} days later at most.")
    group_by: SavingGrouping = Field(description="What they are grouped by.")

    def days(self) -> tuple[date, date]:
        """(first, until). Raises Invalid for no days and for too many."""
        if not timedelta() < self.until - self.first <= timedelta(days=MOST_DAYS):
            raise Invalid(f"until must lie 1 to {MOST_DAYS} days after first.", path=("input", "until"))
        return self.first, self.until
