"""What was not read is an error of every check of a bundle that looks at it, and never a pass."""

import pytest

from domain.compliance.bundle import all_bundles
from domain.compliance.control import Control, Procedure
from domain.compliance.judging import judge
from domain.compliance.registry import bundled_controls
from domain.facts.compliance import CheckStatus
from tests.factories.answers import answers, case

UNREAD = {(check.id, system) for bundle in all_bundles() for check in bundle.check for system in check.unread}
JUDGING = [
    pytest.param(control, one, id=f"{control.id} {one.integration}")
    for control in bundled_controls()
    for one in control.procedures
    if (control.id, one.integration) not in UNREAD
]


@pytest.mark.parametrize(("control", "procedure"), JUDGING)
def test_nothing_is_said_of_what_was_not_read(control: Control, procedure: Procedure) -> None:
    looked_at = answers(procedure.integration, unread=procedure.operations)

    judgement = judge(procedure, case(looked_at, control))

    assert (judgement.status, judgement.items) == (CheckStatus.ERROR, ())
    assert judgement.problem is not None
    assert "the call was refused" in judgement.problem
