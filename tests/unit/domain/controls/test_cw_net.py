"""What holds for all controls of networks."""

import pytest

from domain.controls.cw_net_01 import CONTROL as ADMIN_PORTS
from domain.controls.cw_net_02 import CONTROL as DATA_STORES
from domain.controls.cw_net_03 import CONTROL as DEFAULTS
from domain.controls.cw_net_04 import CONTROL as SHIELDS
from domain.facts.compliance import CheckStatus
from tests.factories.judged_alone import depends_on, judged

CONTROLS = (ADMIN_PORTS, DATA_STORES, DEFAULTS, SHIELDS)
# Protection from floods is bought for the whole account, and no verdict depends on it.
FOR_THE_RECORD = ("shield.describe_subscription", "GET Microsoft.Network/ddosProtectionPlans")


@pytest.mark.parametrize(("control", "integration", "operation"), depends_on(CONTROLS, *FOR_THE_RECORD))
def test_nothing_is_said_of_what_was_not_read(control, integration, operation):
    found = judged(control, integration, unread=(operation,))

    assert (found.status, found.problem) == (CheckStatus.ERROR, f"{operation}: the call was refused")


@pytest.mark.parametrize(
    ("control", "integration"), [(control, one.integration) for control in CONTROLS for one in control.procedures]
)
def test_where_nothing_is_there_is_nothing_to_judge(control, integration):
    assert judged(control, integration).status is CheckStatus.NOT_APPLICABLE
