"""What differs from a genuine request of a cloud in anything that is proven is never taken, however it differs.

Some hundreds of each kind in every run; ten thousand and more in all at night.
"""

import asyncio
import json
import string
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.intake.receiver import Refusal
from connectors.intake.registry import receiver_of
from domain.errors import Unavailable
from tests.fakes import genuine_clouds as genuine
from tests.fakes.genuine_clouds import NOW, SECRET

# Of three ways, two of them in two forms: more than ten thousand at night, when the profile has two thousand.
EXAMPLES = settings.default.max_examples * 3 // 2


def taken(incoming, endpoint, around):
    """What the way of the endpoint makes of it; None when it is refused, or its certificate is nowhere."""
    try:
        return asyncio.run(receiver_of(endpoint.way).receive(incoming, endpoint, around))
    except (Refusal, Unavailable):
        return None


def edited(text):
    """The text with a letter more, fewer, or another, or two that have changed places."""

    def edit(choice):
        how, at, letter, other = choice
        at, other = at % len(text), other % len(text)
        if how == "more":
            return text[:at] + letter + text[at:]
        if how == "fewer":
            return text[:at] + text[at + 1 :]
        if how == "other":
            return text[:at] + letter + text[at + 1 :]
        letters = list(text)
        letters[at], letters[other] = letters[other], letters[at]
        return "".join(letters)

    letters = st.sampled_from(string.ascii_letters + string.digits + "+/=-_. \n\x00é１")
    places = st.integers(0, 10_000)
    hows = st.sampled_from(["more", "fewer", "other", "swapped"])
    return st.tuples(hows, places, letters, places).map(edit).filter(lambda made: made != text)


JUNK = st.one_of(st.none(), st.booleans(), st.integers(), st.text(), st.lists(st.text(), max_size=2))
PROVEN_BY_SNS = ("Message", "MessageId", "Timestamp", "TopicArn", "Type", "Signature", "SigningCertURL", "Subject")
NOTIFICATION = genuine.sns_signed(genuine.sns_message(Subject="GuardDuty"))


def test_what_is_changed_here_is_genuine_to_begin_with():
    made = (
        genuine.aws_sns(NOTIFICATION),
        genuine.azure_event_grid(),
        genuine.azure_event_grid_with_token(),
        genuine.gcp_pubsub_push(),
    )

    assert [len(taken(*one).messages) for one in made] == [1, 1, 1, 1]


@given(data=st.data())
@settings(max_examples=EXAMPLES)
def test_no_field_that_sns_signs_can_be_changed(data):
    name = data.draw(st.sampled_from(PROVEN_BY_SNS))
    value = data.draw(st.one_of(edited(NOTIFICATION[name]), JUNK.filter(lambda made: made != NOTIFICATION[name])))
    message = {**NOTIFICATION, name: value}

    assert taken(*genuine.aws_sns(message)) is None


@given(changes=st.dictionaries(st.sampled_from(PROVEN_BY_SNS), JUNK, min_size=1, max_size=4))
@settings(max_examples=EXAMPLES)
def test_nor_can_several_at_once(changes):
    assert taken(*genuine.aws_sns({**NOTIFICATION, **changes})) is None


@given(data=st.data())
@settings(max_examples=EXAMPLES)
def test_bytes_that_are_changed_anywhere_say_the_same_or_nothing(data):
    """The address to unsubscribe at and white space are not signed; whatever they are, the event stays what it is."""
    incoming, endpoint, around = genuine.aws_sns(NOTIFICATION)
    body = data.draw(edited(incoming.body.decode())).encode()

    found = taken(replace(incoming, body=body), endpoint, around)

    assert found is None or found == taken(incoming, endpoint, around)


@given(hours=st.one_of(st.floats(1.002, 10**5), st.floats(-(10**5), -0.085)))
@settings(max_examples=EXAMPLES)
def test_a_recording_of_another_time_is_not_taken(hours):
    incoming, endpoint, around = genuine.aws_sns(NOTIFICATION)
    at = NOW.timestamp() + hours * 3600

    assert taken(incoming, endpoint, replace(around, now=NOW.fromtimestamp(at, NOW.tzinfo))) is None


@given(given_secret=st.one_of(edited(SECRET), st.text(), st.just("")), is_in_address=st.booleans())
@settings(max_examples=EXAMPLES)
def test_no_other_secret_opens_event_grid(given_secret, is_in_address):
    incoming, endpoint, around = genuine.azure_event_grid()
    query = {"secret": given_secret} if is_in_address else {}
    headers = {} if is_in_address else {"x-cloudwatcher-secret": given_secret}

    found = taken(replace(incoming, query=query, headers=headers), endpoint, around)

    assert (found is None) is (given_secret != SECRET)


@given(data=st.data())
@settings(max_examples=EXAMPLES)
def test_nothing_of_a_token_can_be_changed(data):
    made = data.draw(st.sampled_from([genuine.azure_event_grid_with_token, genuine.gcp_pubsub_push]))
    incoming, endpoint, around = made()
    scheme, _, token = incoming.headers["authorization"].partition(" ")
    changed = data.draw(edited(token))

    assert taken(replace(incoming, headers={"authorization": f"{scheme} {changed}"}), endpoint, around) is None


CLAIMS = {
    genuine.azure_event_grid_with_token: (
        genuine.entra_claims(),
        ("iss", "aud", "appid", "roles", "exp", "iat", "nbf"),
    ),
    genuine.gcp_pubsub_push: (genuine.google_claims(), ("iss", "aud", "email", "email_verified", "exp", "iat")),
}


@given(data=st.data())
@settings(max_examples=EXAMPLES)
def test_a_genuine_token_that_says_something_else_does_not_count(data):
    """Signed by the right key: another tenant, another audience, another account of the same vendor."""
    made = data.draw(st.sampled_from(list(CLAIMS)))
    claims, names = CLAIMS[made]
    name = data.draw(st.sampled_from(names))
    text = claims[name] if isinstance(claims[name], str) else None
    other = JUNK.filter(lambda value: value != claims[name] and not (name == "iat" and is_recent(value)))
    value = data.draw(st.one_of(edited(text), other) if text else other)
    expected_none = not (name in ("exp", "iat", "nbf") and isinstance(value, int) and not isinstance(value, bool))

    found = taken(*made({**claims, name: value}))

    assert found is None or not expected_none


def is_recent(value):
    return isinstance(value, int) and abs(value - NOW.timestamp()) < 7200


@given(subscription=edited(genuine.PUBSUB))
@settings(max_examples=EXAMPLES)
def test_no_other_subscription_of_pubsub_comes_in(subscription):
    body = {**genuine.pubsub_body(), "subscription": subscription}

    assert taken(*genuine.gcp_pubsub_push(body=body)) is None


@given(data=st.data())
@settings(max_examples=EXAMPLES)
def test_no_other_subscription_of_azure_comes_in(data):
    name = data.draw(st.sampled_from(["topic", "source"]))
    event = genuine.grid_event() if name == "topic" else genuine.cloud_event()
    topic = data.draw(edited(event[name]))
    folded = topic.lower()

    found = taken(*genuine.azure_event_grid([{**event, name: topic}]))

    is_the_same = folded == event[name] or folded.startswith(f"{event[name]}/")
    assert (found is not None) is is_the_same


@given(
    content=st.one_of(st.binary(max_size=200), st.recursive(JUNK, st.lists).map(lambda made: json.dumps(made).encode()))
)
@settings(max_examples=EXAMPLES)
def test_whatever_else_is_posted_is_refused_and_not_stumbled_over(content):
    for incoming, endpoint, around in (genuine.aws_sns(), genuine.azure_event_grid(), genuine.gcp_pubsub_push()):
        assert taken(replace(incoming, body=content), endpoint, around) is None
