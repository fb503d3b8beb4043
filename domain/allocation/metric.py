"""Rules that share in proportion to a business metric, with the values of one month in them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from domain.allocation.rule import AllocationRule, ByMetric, InProportion, Portion
from domain.allocation.spelling import folded
from domain.allocation.target import Target, names_of

# What the points of a metric come to, by the value they name.
MetricValues = Mapping[ByMetric, Mapping[str, Decimal]]


def metrics_of(rules: Iterable[AllocationRule], month: str) -> dict[int, ByMetric]:
    """The metrics that rules of the month (YYYY-MM) share by, by the number of the rule."""
    return {
        number: rule.take.metric
        for number, rule in enumerate(rules)
        if isinstance(rule.take, InProportion) and rule.take.metric is not None and rule.is_of(month)
    }


def with_values(
    rules: Sequence[AllocationRule], month: str, targets: Iterable[Target], values: MetricValues
) -> list[AllocationRule]:
    """The rules with weights: what the points of the month come to, by the target whose name or alias they name.

    What names nobody, or is not above zero, counts for nobody.
    """
    known = list(targets)
    made = list(rules)
    for number, metric in metrics_of(rules, month).items():
        names = names_of(known, metric.kind)
        sums: defaultdict[str, Decimal] = defaultdict(Decimal)
        for value, amount in values.get(metric, {}).items():
            if (target := names.get(folded(value))) is not None:
                sums[target] += amount
        made[number] = weighted(rules[number], {id: sum for id, sum in sums.items() if sum > 0})
    return made


def weighted(rule: AllocationRule, weights: Mapping[str, Decimal]) -> AllocationRule:
    """The rule with these weights by target."""
    portions = tuple(Portion(target_id=id, amount=weights[id]) for id in sorted(weights))
    return rule.model_copy(update={"take": rule.take.model_copy(update={"weights": portions})})


def weights_of(rule: AllocationRule) -> tuple[Portion, ...]:
    """The weights a rule shares by; none for one that shares otherwise."""
    return rule.take.weights if isinstance(rule.take, InProportion) else ()
