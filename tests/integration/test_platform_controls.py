"""An organization uses the application, and the controls that look at its own records judge what that has left."""

import pytest

from app.wiring import Backend
from documents.base import utc_now
from domain.facts.compliance import CheckStatus
from tests.factories import platform_states_of_people as people
from tests.factories import platform_states_of_records as records
from tests.factories import platform_states_of_registers as registers
from tests.factories.graph import Graph
from tests.factories.platform_house import Make, Recorded, open_house, said
from tests.factories.platform_states_damaged import DAMAGES, Damaged

STATES = (*people.STATES, *registers.STATES, *records.STATES)
NOTHING_TO_JUDGE = {**people.NOTHING_TO_JUDGE, **registers.NOTHING_TO_JUDGE, **records.NOTHING_TO_JUDGE}


def name_of(state: Recorded) -> str:
    return f"{state.control} {state.verdict} {state.seen}"


@pytest.mark.parametrize("state", STATES, ids=name_of)
async def test_what_was_recorded_is_judged(backend: Backend, graph: Graph, state: Recorded) -> None:
    house = await open_house(backend, graph)
    thing = await state.make(house)

    check = await house.check(state.control, at=utc_now() + state.after)

    assert check.problem is None
    assert any(
        (resource, verdict) == (thing, state.verdict) and state.seen in observed
        for resource, verdict, observed in said(check)
    ), said(check)


@pytest.mark.parametrize(("control_id", "make"), NOTHING_TO_JUDGE.items(), ids=NOTHING_TO_JUDGE)
async def test_what_is_recorded_and_asks_for_nothing_is_not_judged(
    backend: Backend, graph: Graph, control_id: str, make: Make
) -> None:
    house = await open_house(backend, graph)
    await make(house)

    check = await house.check(control_id)

    assert (check.status, check.items, check.problem) == (CheckStatus.NOT_APPLICABLE, [], None)


@pytest.mark.parametrize("damaged", DAMAGES, ids=lambda damaged: damaged.control)
async def test_a_record_that_is_damaged_is_an_error_and_no_pass(
    backend: Backend, graph: Graph, damaged: Damaged
) -> None:
    """Each of them failed, or warned, before it was damaged."""
    house = await open_house(backend, graph)
    await damaged.make(house)
    await damaged.harm(house)

    check = await house.check(damaged.control)

    assert (check.status, check.items) == (CheckStatus.ERROR, [])
    assert "what is kept of it is not as it was stored" in (check.problem or "")
