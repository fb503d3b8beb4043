"""Who must show again who they are, before something dangerous."""

from datetime import UTC, datetime, timedelta

import pytest

import documents
from auth.authentication import Authentication
from auth.step_up import FRESH_FOR, require_fresh
from auth.viewer import Viewer
from documents import AuthMethod
from domain.errors import Forbidden, StepUpRequired

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def person(*methods: AuthMethod, factors: tuple[AuthMethod, ...] = (), ago: timedelta = timedelta(0)) -> Viewer:
    user = documents.User.model_construct(id="u", email="e", name="n", factors=list(factors))
    authentication = Authentication("s", "t", NOON - ago, frozenset(methods))
    return Viewer(actor="user:u", standings={}, expires_at=NOON, person=user, authentication=authentication)


def test_a_fresh_password_does_for_who_has_no_second_factor() -> None:
    require_fresh(person(AuthMethod.PASSWORD), NOON)


def test_ten_minutes_later_it_does_not() -> None:
    require_fresh(person(AuthMethod.PASSWORD, ago=FRESH_FOR - timedelta(seconds=1)), NOON)
    with pytest.raises(StepUpRequired, match="younger than 10 minutes"):
        require_fresh(person(AuthMethod.PASSWORD, ago=FRESH_FOR), NOON)


@pytest.mark.parametrize("method", [AuthMethod.TOTP, AuthMethod.RECOVERY_CODE, AuthMethod.PASSKEY])
def test_who_has_a_second_factor_must_have_used_one(method: AuthMethod) -> None:
    require_fresh(person(AuthMethod.PASSWORD, method, factors=(AuthMethod.TOTP,)), NOON)
    with pytest.raises(StepUpRequired, match="second factor"):
        require_fresh(person(AuthMethod.PASSWORD, factors=(AuthMethod.TOTP,)), NOON)


def test_a_machine_cannot() -> None:
    machine = Viewer(actor="service:m", standings={}, expires_at=NOON)

    with pytest.raises(Forbidden, match="Only a person"):
        require_fresh(machine, NOON)
    with pytest.raises(Forbidden, match="Only a person"):
        _ = machine.user
    assert machine.subject == ("service:m", "")
