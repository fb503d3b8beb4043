"""What the measurement of the intake says, from times that are made up."""

import json
from datetime import UTC, datetime

import pytest

from bench.intake import ACKNOWLEDGED, ASKED, SUBSCRIBED, Times, report
from bench.sns import ACCOUNT, TOPIC, alarms, certificates
from connectors.intake.keys import Keys
from connectors.intake.receiver import Endpoint, Incoming, Surroundings
from connectors.intake.ways import aws_sns
from domain.facts.intake import IntakeWay
from domain.facts.intake_settings import SnsSettings


def test_what_never_comes_is_counted_and_not_taken_for_fast() -> None:
    times = Times(sent={"a": 1.0, "b": 1.0, "c": 2.0})
    times.known[SUBSCRIBED] = {"a": 1.5, "c": 2.1}

    # 500 ms and 100 ms; the smallest that half of two do not pass is the first of them.
    assert times.figures(SUBSCRIBED, ["a", "b", "c"]) == {
        "p50": pytest.approx(100),
        "p95": 500.0,
        "p99": 500.0,
        "lost": 1,
    }


def test_what_is_told_twice_counts_from_the_first_time() -> None:
    times = Times(sent={"a": 0.0})

    assert times.know(ASKED, "a")
    first = times.known[ASKED]["a"]
    assert not times.know(ASKED, "a")
    assert times.known[ASKED]["a"] == first


def test_the_one_who_asks_is_compared_share_by_share() -> None:
    def of(milliseconds: float) -> dict[str, float]:
        return {"p50": milliseconds, "p95": 2 * milliseconds, "p99": 4 * milliseconds, "lost": 0}

    shown = report(
        {ACKNOWLEDGED: of(5), SUBSCRIBED: of(100), ASKED: {"p50": 2500, "p95": 4800, "p99": 5000, "lost": 0}}
    )

    assert shown.splitlines()[-1] == "| asking ÷ subscriber | 25.0 | 24.0 | 12.5 |  |"


async def test_what_is_sent_is_believed_by_the_receiver() -> None:
    ((title, body),) = alarms(1).items()
    incoming = Incoming(method="POST", url="https://x.example.com/events/aws/1", headers={}, query={}, body=body)
    endpoint = Endpoint("1", IntakeWay.AWS_SNS, SnsSettings(topic_arns=(TOPIC,)), None, frozenset({ACCOUNT}))

    with certificates() as url:
        around = Surroundings(now=datetime.now(UTC), allow_private=True, authorities={"aws_sns": url}, keys=Keys())
        taken = await aws_sns.RECEIVER.receive(incoming, endpoint, around)

    (message,) = taken.messages
    assert (message.kind, f"Alarm {message.body['AlarmName']}") == ("alarm", title)
    assert json.loads(body)["SignatureVersion"] == "2"
