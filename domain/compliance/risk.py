"""How grave a risk is, and how well the controls that treat it hold."""

from collections.abc import Iterable

from domain.facts.compliance import CheckStatus
from domain.facts.register import RiskLevel

# Of likelihood times impact, each 1 to 5: likely and grave is high; what is neither is low. Source: the five by five
# matrix of NIST SP 800-30 Rev. 1, Table I-2, with its five levels taken together to the three of the catalogue.
HIGH_FROM, MEDIUM_FROM = 15, 6
# What is not known of a control is worse for a risk than a warning.
_WORST_FIRST = (
    CheckStatus.FAIL,
    CheckStatus.ERROR,
    CheckStatus.NOT_ASSESSED,
    CheckStatus.WARNING,
    CheckStatus.PASS,
    CheckStatus.EXEMPT,
    CheckStatus.NOT_APPLICABLE,
)


def level_of(likelihood: int, impact: int) -> RiskLevel:
    """The level of a risk; both are 1 to 5."""
    score = likelihood * impact
    if score >= HIGH_FROM:
        return RiskLevel.HIGH
    return RiskLevel.MEDIUM if score >= MEDIUM_FROM else RiskLevel.LOW


def worst_of(statuses: Iterable[CheckStatus]) -> CheckStatus | None:
    """The worst that is said of the controls that treat a risk; None without any."""
    return min(statuses, key=_WORST_FIRST.index, default=None)
