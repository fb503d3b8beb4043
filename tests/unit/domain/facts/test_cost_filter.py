"""A filter takes the costs that match every part of it, and leaves out what a part excludes."""

import pytest

from domain.facts.cost_dimension import Dimension
from domain.facts.cost_filter import CostFilter, DimensionFilter, TagFilter

WEB = {Dimension.SERVICE: "web", Dimension.REGION: None}
TAGS = {"team": "a"}


@pytest.mark.parametrize(
    ("filter", "holds"),
    [
        (CostFilter(), True),
        (CostFilter.of({Dimension.SERVICE: ["db", "web"]}), True),
        (CostFilter.of({Dimension.SERVICE: ["db"]}), False),
        (CostFilter.of({Dimension.REGION: [None]}), True),
        (CostFilter.of({Dimension.PUBLISHER: [None]}), True),
        (CostFilter.of({Dimension.SERVICE: ["web"], Dimension.REGION: ["r1"]}), False),
        (CostFilter.of(tags={"team": ["a"]}), True),
        (CostFilter.of(tags={"team": ["b"], "env": [None]}), False),
        (CostFilter.of(tags={"env": [None]}), True),
        (
            CostFilter(dimensions=(DimensionFilter(dimension=Dimension.SERVICE, values=("web",), is_excluded=True),)),
            False,
        ),
        (
            CostFilter(dimensions=(DimensionFilter(dimension=Dimension.SERVICE, values=("db",), is_excluded=True),)),
            True,
        ),
        (CostFilter(tags=(TagFilter(tag="team", values=("a",), is_excluded=True),)), False),
        (CostFilter(tags=(TagFilter(tag="team", values=(None,), is_excluded=True),)), True),
    ],
)
def test_a_cost_counts_when_it_matches_every_part(filter, holds):
    assert filter.holds(WEB, TAGS) is holds
