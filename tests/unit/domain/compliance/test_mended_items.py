"""What a control says of a thing before and after it is mended: that is what the pairs promise."""

from collections.abc import Iterator

import pytest

from domain.compliance.answers import Call
from domain.compliance.control import Item
from domain.compliance.mending import Mend, Named, Outcome, all_mends
from domain.compliance.registry import all_controls, bundled_controls
from domain.facts.compliance import Integration, Verdict
from domain.rules.registry import get_rule
from tests.factories import mended_access, mended_data, mended_watch
from tests.factories.answers import answers, judged, procedure
from tests.factories.mended import ACCOUNT, Asked

ACCOUNTS = {Integration.GCP: "shop-1"}

CONTROLS = {control.id: control for control in (*all_controls(), *bundled_controls())}

FORESEEN = {(mend.control_id, mend.rule_id): mend for mend in all_mends() if mend.becomes is not None}
CHANGES = {**mended_access.CHANGES, **mended_data.CHANGES, **mended_watch.CHANGES}


def said(mend: Mend, asked: tuple[Asked, ...]) -> dict[str, Item]:
    """What the control says of things of an account that has nothing but what was asked."""
    control = CONTROLS[mend.control_id]
    named = {one.operation if isinstance(one, Call) else one[0] for one in asked}
    rest = [operation for operation in procedure(control, mend.integration).operations if operation not in named]
    found = judged(
        control, answers(mend.integration, *asked, needless=rest, account=ACCOUNTS.get(mend.integration, ACCOUNT))
    )
    assert found.problem is None, found.problem
    # The worst of what is said of it.
    return {item.resource: item for item in reversed(found.items)}


def resources(mend: Mend) -> Iterator[Named]:
    """The resources on which the rule fires in its examples."""
    for example in get_rule(mend.rule_id).examples:
        if example.is_firing:
            yield Named(example.resource.native_id, example.resource.name, ACCOUNT)


@pytest.mark.parametrize("mend", [pytest.param(one, id=" ".join(key)) for key, one in FORESEEN.items()])
def test_a_thing_that_does_not_pass_is_said_to_be_what_the_pair_promises(mend: Mend) -> None:
    change = CHANGES[mend.control_id, mend.rule_id]

    before, after = said(mend, (*change.both, *change.before)), said(mend, (*change.both, *change.after))

    things = [change.resource] if change.resource else list(resources(mend))
    named = {item for item in before for thing in things if mend.names(item, thing)}
    (item,) = (before[one] for one in named if before[one].verdict is not Verdict.PASS)
    assert mend.is_mended(item.observed), item.observed
    became = Outcome.GONE if item.resource not in after else Outcome(after[item.resource].verdict.value)
    assert became is mend.becomes


def test_every_pair_is_shown() -> None:
    assert CHANGES.keys() == FORESEEN.keys()
