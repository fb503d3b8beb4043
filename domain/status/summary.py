"""What a summary says, in plain words, from the numbers it is handed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from domain.facts.notice import NoticeLine
from domain.facts.severity import Severity
from domain.facts.status import StatusKind

# Names beyond these are counted.
MOST_NAMES = 5
NOT_JUDGED = "Not judged yet: no controls are evaluated so far."


@dataclass(frozen=True, slots=True)
class StatusNumbers:
    """`open_alerts` are those nobody has taken on. Amounts are in `currency`, None where nothing was billed.

    `same_days_last_month` is what as many days of last month had cost. `is_mixed`: amounts are
    in several currencies and do not add up. `failing` are names of accounts that cannot be read, out of `connected`.
    """

    open_alerts: Mapping[Severity, int] = field(default_factory=dict)
    currency: str | None = None
    month_to_date: Decimal = Decimal(0)
    same_days_last_month: Decimal = Decimal(0)
    last_month: Decimal = Decimal(0)
    is_mixed: bool = False
    connected: int = 0
    failing: Sequence[str] = ()


def status_lines(kinds: Collection[StatusKind], numbers: StatusNumbers) -> tuple[NoticeLine, ...]:
    """One line for each kind, in the order in which they matter."""
    told = {
        StatusKind.ALERTS: ("Open alerts", alerts_text(numbers)),
        StatusKind.COSTS: ("Costs", costs_text(numbers)),
        StatusKind.INTEGRATIONS: ("Integrations", integrations_text(numbers)),
        StatusKind.COMPLIANCE: ("Compliance", NOT_JUDGED),
    }
    return tuple(NoticeLine(label=label, text=text) for kind, (label, text) in told.items() if kind in kinds)


def alerts_text(numbers: StatusNumbers) -> str:
    """Open alerts by severity, the worst first."""
    counted = [(severity, numbers.open_alerts.get(severity, 0)) for severity in Severity]
    total = sum(count for _, count in counted)
    named = ", ".join(f"{count} {severity.value.lower()}" for severity, count in counted if count)
    return f"{total} open: {named}." if total else "None open."


def costs_text(numbers: StatusNumbers) -> str:
    """The month so far against the same days of last month."""
    if numbers.is_mixed:
        return "Amounts are in several currencies and do not add up: look at the costs in CloudWatcher."
    if numbers.currency is None:
        return "Nothing billed yet."
    now, before = numbers.month_to_date, numbers.same_days_last_month
    told = f"{now:,.2f} {numbers.currency} this month so far"
    last = f"last month was {numbers.last_month:,.2f} in all"
    if not before:
        return f"{told}; {last}."
    change = (now - before) / before * 100
    return f"{told}, {change:+.0f} % against {before:,.2f} in the same days of last month; {last}."


def integrations_text(numbers: StatusNumbers) -> str:
    """Which of the connected accounts cannot be read."""
    if not numbers.connected:
        return "No account is connected."
    if not numbers.failing:
        return f"All {numbers.connected} work."
    named = ", ".join(numbers.failing[:MOST_NAMES])
    more = len(numbers.failing) - MOST_NAMES
    rest = f" and {more} more" if more > 0 else ""
    return f"{len(numbers.failing)} of {numbers.connected} fail: {named}{rest}."


def plain(lines: Sequence[NoticeLine]) -> str:
    """The lines as text."""
    return "\n".join(f"{line.label}: {line.text}" for line in lines)
