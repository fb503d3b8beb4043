import pytest

from domain.rules.aws import cloudtrail
from domain.rules.rule import RuleContext
from tests.factories.aws import NOW, trail

CONTEXT = RuleContext(now=NOW)


def test_stopped_trail_is_named_with_the_day_it_stopped():
    observation = cloudtrail.is_stopped(trail(IsLogging=False, StopLoggingTime="2026-11-10T08:00:00+00:00"), CONTEXT)

    assert "since 2026-11-10" in observation.reason


def test_trail_that_never_recorded_has_no_day():
    observation = cloudtrail.is_stopped(trail(IsLogging=False), CONTEXT)

    assert "since" not in observation.reason


@pytest.mark.parametrize("config", [{"IsLogging": True}, {"IsLogging": None}])
def test_trail_that_records_or_is_not_known_to_have_stopped_is_left_alone(config):
    assert cloudtrail.is_stopped(trail(**config), CONTEXT) is None
