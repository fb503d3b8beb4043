"""Who must approve a plan, until when, and when it may run."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from domain.alerting.hours import WeeklyHours
from domain.facts.finding import Risk

ENVIRONMENT_TAGS = ("environment", "env", "stage")
OUTSIDE_PRODUCTION = frozenset(
    {"dev", "development", "test", "testing", "qa", "staging", "stage", "sandbox", "demo", "preview", "integration"}
)
# How an approval came that no person gave; others came by graph or slack.
BY_POLICY = "policy"


class ApprovalPolicy(BaseModel):
    """What an organization lets happen, and how. The defaults let nothing run without a person.

    `approvals` are how many people must approve at each risk; the one who asks is never among them.
    `valid_for`: how long a plan may wait, and how long an approval counts. `windows`: when changes may run; always
    where none is given. `chat_approvals_up_to`: the highest risk at which a press in a chat is an approval; None for no
    risk, because whoever administers a chat could act there as anybody.
    """

    model_config = ConfigDict(frozen=True)

    approvals: Mapping[Risk, int] = Field(default_factory=lambda: {Risk.LOW: 1, Risk.MEDIUM: 1, Risk.HIGH: 1})
    valid_for: timedelta = timedelta(hours=24)
    windows: tuple[WeeklyHours, ...] = ()
    chat_approvals_up_to: Risk | None = None

    def is_open(self, now: datetime) -> bool:
        """Whether changes may run now."""
        return not self.windows or any(hours.span_at(now) is not None for hours in self.windows)

    def approvals_of(self, risk: Risk) -> int:
        """How many people must approve; at least one."""
        return max(1, self.approvals.get(risk, 1))

    def counts_in_chat(self, risk: Risk, *, is_production: bool) -> bool:
        """Whether a press in a chat is an approval. Never at high risk in production: a press is no second factor."""
        if self.chat_approvals_up_to is None or (is_production and risk is Risk.HIGH):
            return False
        from_low = tuple(Risk)
        return from_low.index(risk) <= from_low.index(self.chat_approvals_up_to)


def is_production(tags: Mapping[str, str], account_tags: Mapping[str, str] | None = None) -> bool:
    """Whether something counts as production: yes, unless its tags, or else its account's, say that it is not."""
    for given in (tags, account_tags or {}):
        lowered = {key.lower(): value.lower().strip() for key, value in given.items()}
        said = next((lowered[name] for name in ENVIRONMENT_TAGS if name in lowered), None)
        if said is not None:
            return said not in OUTSIDE_PRODUCTION
    return True


def approvers(approvals: Sequence[Mapping[str, Any]], plan_hash: str) -> set[str]:
    """The different people who approved this very plan; a policy is none."""
    return {str(one["by"]) for one in approvals if one["plan_hash"] == plan_hash and one.get("via") != BY_POLICY}
