"""How soon a finding is worth mending, as one number: how bad it is, what mending saves, and how hard that is."""

from decimal import Decimal

from domain.facts.finding import Risk
from domain.facts.severity import Severity
from domain.remediation.remedy import Reversible
from domain.rules.rule import Rule

# The points below add up to at most 100. A step of severity weighs more than any ease, and as much as the difference
# between a saving of 100 and one of 10,000 a month.
_URGENCY = {
    Severity.CRITICAL: 60,
    Severity.HIGH: 45,
    Severity.MEDIUM: 30,
    Severity.LOW: 15,
    Severity.INFORMATIONAL: 0,
}
# Each tenfold of the saving adds as much, so that one large saving does not drown everything else.
_POINTS_PER_TENFOLD = Decimal("7.5")
_MOST_FOR_SAVING = Decimal(30)
_MOST_FOR_EASE = 10
_RISK = {Risk.LOW: 0, Risk.MEDIUM: 2, Risk.HIGH: 5}
_TAKING_BACK = {Reversible.YES: 0, Reversible.PARTLY: 1, Reversible.NO: 3}
BY_HAND = _MOST_FOR_EASE


def effort(risk: Risk, reversible: Reversible | None) -> int:
    """From 0, mended at once and taken back in full, to 10, mended by hand; `reversible` None is by hand."""
    return BY_HAND if reversible is None else _RISK[risk] + _TAKING_BACK[reversible]


def priority(severity: Severity, monthly_saving: Decimal | None, effort: int) -> int:
    """From 0 to 100, the higher the sooner: urgency + saving + ease.

    urgency: CRITICAL 60, HIGH 45, MEDIUM 30, LOW 15, INFORMATIONAL 0.
    saving: 7.5 * log10(1 + monthly saving), at most 30; 0 where nothing is saved or known. Amounts are taken as they
    stand, whatever their currency.
    ease: 10 - effort; see `effort`.
    """
    saved = max(monthly_saving or Decimal(0), Decimal(0))
    points = min(_POINTS_PER_TENFOLD * (1 + saved).log10(), _MOST_FOR_SAVING)
    return round(_URGENCY[severity] + points + _MOST_FOR_EASE - effort)


def priority_of(rule: Rule, monthly_saving: Decimal | None) -> int:
    """The priority of what this rule finds."""
    reversible = None if rule.remedy is None else rule.remedy.reversible
    return priority(rule.severity, monthly_saving, effort(rule.risk, reversible))
