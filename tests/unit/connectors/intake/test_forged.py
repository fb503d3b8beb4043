"""No request that was made by changing a genuine one is taken as something new, whichever way it comes.

Two thousand examples with every run, ten thousand in `make nightly`.
"""

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from connectors.intake.receiver import Incoming, Refusal, Taken
from connectors.intake.registry import receivers
from domain.errors import Unavailable
from domain.facts.intake import IntakeWay
from tests.fakes.genuine import BUILDERS, Genuine

PUSHED = sorted(way for way in IntakeWay if not way.is_pulled)
# Six changes of seven ways: two thousand in every run, 10,500 at night, when others need their time as well.
EXAMPLES = min(settings().max_examples // 2, 250)
TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=60)
NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,30}", fullmatch=True)


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """One for all: receivers may keep connections."""
    made = asyncio.new_event_loop()
    yield made
    made.close()


@pytest.fixture(scope="module", params=PUSHED)
def way(request: pytest.FixtureRequest) -> IntakeWay:
    found: IntakeWay = request.param
    return found


Take = Callable[[Genuine], Taken | None]


@pytest.fixture(scope="module")
def take(loop: asyncio.AbstractEventLoop) -> Take:
    """What the way takes; None when it refuses, or cannot tell because there is no key at the address it names."""

    def taken(genuine: Genuine) -> Taken | None:
        receive = receivers()[genuine.endpoint.way].receive
        try:
            return loop.run_until_complete(receive(genuine.incoming, genuine.endpoint, genuine.around))
        except (Refusal, Unavailable):
            return None

    return taken


def ids(taken: Taken | None) -> set[str]:
    return set() if taken is None else {message.id for message in taken.messages}


def changed(genuine: Genuine, **fields: object) -> Genuine:
    return replace(genuine, incoming=replace(genuine.incoming, **fields))  # type: ignore[arg-type]  # of Incoming


def headed(genuine: Genuine, **headers: str | None) -> Genuine:
    """With other headers; None takes one away."""
    kept = {**genuine.incoming.headers, **headers}
    return changed(genuine, headers={name: value for name, value in kept.items() if value is not None})


def sent_proof(genuine: Genuine, name: str) -> str:
    """One of the values that prove it."""
    where = json.loads(genuine.incoming.body) if genuine.is_in_body else genuine.incoming.headers
    found: str = where[name]
    return found


def proven_by(genuine: Genuine, name: str, value: str | None) -> Genuine:
    """With another value there; None takes it away."""
    if not genuine.is_in_body:
        return headed(genuine, **{name: value})
    kept = {**json.loads(genuine.incoming.body), name: value}
    return changed(genuine, body=json.dumps({key: one for key, one in kept.items() if one is not None}).encode())


def meant(proof: str | None) -> object:
    """RFC 9110, 11.1: "Bearer" and "bearer" are one scheme."""
    scheme, _, rest = (proof or "").partition(" ")
    return (scheme.lower(), rest) if rest else proof


@st.composite
def mangled(draw: st.DrawFn, content: bytes) -> bytes:
    """Other bytes: some put in, taken out or replaced at one place."""
    at = draw(st.integers(0, len(content)))
    gone = draw(st.integers(0, 8))
    more = draw(st.one_of(st.binary(max_size=8), st.sampled_from([b" ", b"\n", b"&", b",", b"\x00", b"}"])))
    made = content[:at] + more + content[at + gone :]
    assume(made != content)
    return made


def test_every_way_that_is_pushed_has_a_builder_of_genuine_requests() -> None:
    assert set(receivers()) == set(PUSHED)
    assert set(BUILDERS) == set(PUSHED)


def test_what_the_builders_make_is_taken_and_tells_of_different_events(way: IntakeWay, take: Take) -> None:
    first, second = (ids(take(BUILDERS[way](number))) for number in (1, 2))

    assert first
    assert second
    assert first.isdisjoint(second)


def test_the_same_request_again_tells_of_the_same_event(way: IntakeWay, take: Take) -> None:
    genuine = BUILDERS[way](1)

    assert ids(take(genuine)) == ids(take(genuine))


@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_a_changed_body_is_refused(way: IntakeWay, take: Take, data: st.DataObject) -> None:
    genuine = BUILDERS[way](1)
    forged = changed(genuine, body=data.draw(mangled(genuine.incoming.body)))
    if not genuine.covers_body:
        name = genuine.proof[0]
        forged = headed(forged, **{name: data.draw(st.one_of(st.none(), TEXT))})
        assume(forged.incoming.headers.get(name) != genuine.incoming.headers[name])
    is_the_same = genuine.covered(forged.incoming.body) == genuine.covered(genuine.incoming.body)

    assert ids(take(forged)) <= (ids(take(genuine)) if is_the_same else set())


@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_a_changed_proof_is_refused(way: IntakeWay, take: Take, data: st.DataObject) -> None:
    genuine = BUILDERS[way](1)
    name = data.draw(st.sampled_from(genuine.proof))
    sent = sent_proof(genuine, name)
    other = data.draw(st.one_of(st.none(), TEXT, mangled(sent.encode()).map(lambda made: made.decode("latin-1"))))
    assume(meant(other) != meant(sent))

    assert not ids(take(proven_by(genuine, name, other)))


@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_other_headers_make_nothing_new_of_it(way: IntakeWay, take: Take, data: st.DataObject) -> None:
    genuine = BUILDERS[way](1)
    known = sorted(genuine.incoming.headers.keys() - set(genuine.proof))
    name = data.draw(st.one_of(st.sampled_from(known), NAMES.filter(lambda made: made not in genuine.proof)))
    forged = headed(genuine, **{name: data.draw(st.one_of(st.none(), TEXT))})

    assert ids(take(forged)) <= ids(take(genuine))


@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_another_address_method_or_query_makes_nothing_new_of_it(
    way: IntakeWay, take: Take, data: st.DataObject
) -> None:
    genuine = BUILDERS[way](1)
    forged = changed(
        genuine,
        method=data.draw(st.sampled_from(["GET", "OPTIONS", "PUT", "POST"])),
        url=f"{genuine.incoming.url}{data.draw(NAMES)}",
        query={**genuine.incoming.query, **data.draw(st.dictionaries(NAMES, TEXT, max_size=3))},
    )

    assert ids(take(forged)) <= ids(take(genuine))


@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_requests_from_nothing_are_refused(way: IntakeWay, take: Take, data: st.DataObject) -> None:
    genuine = BUILDERS[way](1)
    names = st.one_of(st.sampled_from(sorted(genuine.incoming.headers)), NAMES)
    bodies = st.binary(max_size=200)
    made = Incoming(
        method=data.draw(st.sampled_from(["GET", "OPTIONS", "POST"])),
        url=genuine.incoming.url,
        headers=data.draw(st.dictionaries(names, TEXT, max_size=8)),
        query=data.draw(st.dictionaries(NAMES, TEXT, max_size=3)),
        body=data.draw(bodies if genuine.is_in_body else st.one_of(bodies, st.just(genuine.incoming.body))),
    )

    assert not ids(take(replace(genuine, incoming=made)))


@settings(max_examples=EXAMPLES)
@given(seconds=st.integers(-(10**8), 10**8))
def test_at_another_time_it_is_the_same_event_or_refused(way: IntakeWay, take: Take, seconds: int) -> None:
    genuine = BUILDERS[way](1)
    around = replace(genuine.around, now=genuine.around.now + timedelta(seconds=seconds))

    assert ids(take(replace(genuine, around=around))) <= ids(take(genuine))


@pytest.mark.parametrize("secret", [None, ""])
def test_without_a_secret_nothing_is_proven(way: IntakeWay, take: Take, secret: str | None) -> None:
    genuine = BUILDERS[way](1)
    if genuine.endpoint.secret is None:
        pytest.skip("this way has no secret")
    sealed = None if secret is None else type(genuine.endpoint.secret)(secret)

    assert take(replace(genuine, endpoint=replace(genuine.endpoint, secret=sealed))) is None
