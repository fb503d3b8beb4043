"""How bad a flag is: by what it comes to until somebody acts."""

from domain.anomalies.flag import Rule
from domain.facts.severity import Severity

# What stays is reckoned for a month, what may pass for a week.
_DAYS_AT_STAKE = {Rule.PERSISTENT: 30, Rule.NEW_SERVICE: 30}
_A_WEEK = 7
# Money from which it is as bad; budgets of teams are of this order.
_FROM = ((50_000, Severity.CRITICAL), (5_000, Severity.HIGH), (500, Severity.MEDIUM))


def severity_of(rule: Rule, impact: float) -> Severity:
    """impact: money a day. A drop costs nothing, so it is never more than LOW."""
    if rule is Rule.DROP:
        return Severity.LOW
    stake = impact * _DAYS_AT_STAKE.get(rule, _A_WEEK)
    return next((severity for least, severity in _FROM if stake >= least), Severity.LOW)
