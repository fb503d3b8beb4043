"""A sign-in under way is the business of the browser that began it, for ten minutes."""

from datetime import UTC, datetime, timedelta

import pytest

from auth.sign_in_code import challenge_of, is_challenge
from auth.sign_in_flow import Flow, FlowBox, Intent

NOW = datetime(2026, 11, 26, 10, 0, tzinfo=UTC)
KEY, OLD_KEY = b"k" * 32, b"o" * 32


def flow(**more) -> Flow:
    values = {"provider": "google", "intent": Intent.SIGN_IN, "next": "/", "started_at": int(NOW.timestamp())}
    return Flow(**{**values, **more})


def test_what_was_sealed_comes_back_the_same():
    box, begun = FlowBox([KEY]), flow(challenge="c", client_state="s", intent=Intent.LINK)

    assert box.open(box.seal(begun), begun.state, NOW) == begun


def test_every_flow_has_secrets_of_its_own():
    one, other = flow(), flow()

    assert len({one.state, one.nonce, one.verifier, other.state, other.nonce, other.verifier}) == 6
    assert one.cookie != other.cookie
    assert one.cookie.startswith("__Host-")


def test_nothing_of_a_flow_can_be_read_by_who_carries_it():
    begun = flow()

    sealed = FlowBox([KEY]).seal(begun)

    assert all(secret not in sealed and secret not in repr(begun) for secret in (begun.nonce, begun.verifier))


def test_a_flow_of_before_a_change_of_keys_goes_on():
    begun = flow()

    assert FlowBox([KEY, OLD_KEY]).open(FlowBox([OLD_KEY]).seal(begun), begun.state, NOW) == begun


@pytest.mark.parametrize("late", [timedelta(minutes=10, seconds=1), timedelta(seconds=-1)])
def test_a_flow_ends(late):
    box, begun = FlowBox([KEY]), flow()

    assert box.open(box.seal(begun), begun.state, NOW + late) is None


def test_what_was_not_sealed_here_or_for_this_state_opens_nothing():
    box, begun, other = FlowBox([KEY]), flow(), flow()
    sealed = box.seal(begun)

    assert box.open(FlowBox([OLD_KEY]).seal(begun), begun.state, NOW) is None
    assert box.open(sealed, other.state, NOW) is None
    assert box.open(sealed[:-6] + "AAAAA=", begun.state, NOW) is None
    for text in ("", "AAAA", "é", "not base64!"):
        assert box.open(text, begun.state, NOW) is None


def test_a_challenge_is_that_of_the_example_in_rfc_7636():
    challenge = challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")

    assert challenge == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    assert is_challenge(challenge)
    assert not is_challenge(challenge + "a")
    assert not is_challenge("dBjftJeZ4CVP mB92K27uhbUJU1p1r_wW1gFWFOEjX")
