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


def person(
    *methods: AuthMethod,
    factors: tuple[AuthMethod, ...] = (),
    ago: timedelta = timedelta(0),
    factor_ago: timedelta | None = None,
) -> Viewer:
    user = documents.User.model_construct(id="u", email="e", name="n", factors=list(factors))
    factor_at = None if factor_ago is None else NOON - factor_ago
    authentication = Authentication("s", "t", NOON - ago, frozenset(methods), factor_at)
    return Viewer(actor="user:u", standings={}, expires_at=NOON, person=user, authentication=authentication)


def test_a_fresh_password_does_for_who_has_no_second_factor() -> None:
    require_fresh(person(AuthMethod.PASSWORD), NOON)


def test_ten_minutes_later_it_does_not() -> None:
    require_fresh(person(AuthMethod.PASSWORD, ago=FRESH_FOR - timedelta(seconds=1)), NOON)
    with pytest.raises(StepUpRequired, match="younger than 10 minutes"):
        require_fresh(person(AuthMethod.PASSWORD, ago=FRESH_FOR), NOON)


def test_who_has_a_second_factor_must_have_used_one() -> None:
    used = person(AuthMethod.PASSWORD, AuthMethod.TOTP, factors=(AuthMethod.TOTP,), factor_ago=timedelta(0))

    require_fresh(used, NOON)
    with pytest.raises(StepUpRequired, match="second factor"):
        require_fresh(person(AuthMethod.PASSWORD, factors=(AuthMethod.TOTP,)), NOON)


def test_a_fresh_password_does_not_freshen_the_second_factor() -> None:
    def shown(ago: timedelta) -> Viewer:
        return person(AuthMethod.PASSWORD, AuthMethod.TOTP, factors=(AuthMethod.TOTP,), factor_ago=ago)

    require_fresh(shown(FRESH_FOR - timedelta(seconds=1)), NOON)
    with pytest.raises(StepUpRequired, match="second factor"):
        require_fresh(shown(FRESH_FOR), NOON)


def test_a_machine_cannot() -> None:
    machine = Viewer(actor="service:m", standings={}, expires_at=NOON)

    with pytest.raises(Forbidden, match="Only a person"):
        require_fresh(machine, NOON)
    with pytest.raises(Forbidden, match="Only a person"):
        _ = machine.user
    assert machine.subject == ("service:m", "")
