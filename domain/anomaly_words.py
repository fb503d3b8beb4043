"""An anomaly of costs in sentences, and how bad it is."""

from collections.abc import Sequence
from decimal import Decimal

from domain.anomalies.flag import Direction, ReferenceKind, Rule
from domain.anomaly_grouping import Run
from domain.facts.anomaly import AnomalyContributor, AnomalyKind
from domain.facts.severity import Severity

_KINDS = {
    Rule.SPIKE: AnomalyKind.SPIKE,
    Rule.TRIPLE: AnomalyKind.SPIKE,
    Rule.TWO_DAYS: AnomalyKind.SPIKE,
    Rule.PERSISTENT: AnomalyKind.SUSTAINED,
    Rule.NEW_SERVICE: AnomalyKind.NEW_SERVICE,
    Rule.DROP: AnomalyKind.DROP,
}
_NAMED = 3


def kind_of(run: Run) -> AnomalyKind:
    """What the costs did, by the rule that saw it first."""
    return _KINDS[run.flags[0].rule]


def severity_of(run: Run) -> Severity:
    """The severity of the worst day of an excess; less money than expected is at most MEDIUM."""
    worst = min((flag.severity for flag in run.flags), key=lambda severity: severity.rank)
    if run.direction is Direction.DOWN and worst.rank < Severity.MEDIUM.rank:
        return Severity.MEDIUM
    return worst


def money(amount: Decimal | float, currency: str) -> str:
    """An amount as people read it, to the cent."""
    return f"{amount:,.2f} {currency}"


def title_of(run: Run, service: str, account: str) -> str:
    """One line: what, where, how much and when."""
    worst, kind = run.worst, kind_of(run)
    if kind is AnomalyKind.NEW_SERVICE:
        return f"{service} is new in {account} since {run.first_on}"
    if kind is AnomalyKind.DROP:
        return (
            f"{service} in {account} cost {_percent(worst.actual, worst.expected)} % less than expected on {worst.on}"
        )
    times = f"{worst.ratio:.1f} times what was expected"
    if kind is AnomalyKind.SUSTAINED:
        return f"{service} in {account} costs {times} since {run.first_on}"
    return f"{service} in {account} cost {times} on {worst.on}"


def summary_of(run: Run, currency: str, contributors: Sequence[AnomalyContributor]) -> str:
    """What was seen and expected on the worst day, and what moved most."""
    worst = run.worst
    text = (
        f"{money(worst.actual, currency)} on {worst.on} instead of {money(worst.expected, currency)}, "
        f"where {money(worst.low, currency)} to {money(worst.high, currency)} would be usual."
    )
    if worst.reference is not None:
        what = "A season of the year" if worst.reference.kind is ReferenceKind.YEARLY else "A recurring charge"
        text += f" {what} of {money(worst.reference.amount, currency)} is counted in."
    if contributors:
        text += f" Most of it: {', '.join(_moved(part, currency) for part in contributors[:_NAMED])}."
    return text


def _moved(part: AnomalyContributor, currency: str) -> str:
    name = part.value or f"no {part.by.lower()}"
    sign = "+" if part.change >= 0 else ""
    return f"{name} ({sign}{money(part.change, currency)}{', new' if part.is_new else ''})"


def _percent(actual: float, expected: float) -> int:
    return round(100 * (1 - actual / expected)) if expected > 0 else 0
