"""What all parsers do alike with JSON that may be anything."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.events import aws, azure, gcp, github, okta
from connectors.events.reading import (
    HIDDEN,
    MOST_RAW_BYTES,
    MOST_RESOURCES,
    UNDATED,
    found,
    made,
    moment,
    text,
    texts,
    without_secrets,
)
from domain.errors import Misshapen
from domain.facts.provider import Provider
from domain.facts.provider_event import EventKind

PARSERS = [
    (aws.parse_events, ("eventbridge", "alarm", "budget", "text", "other")),
    (azure.parse_events, ("event_grid", "cloud_event", "other")),
    (gcp.parse_events, ("monitoring", "budget", "scc", "audit", "other", "unknown")),
    (github.parse_events, ("push", "dependabot_alert", "security_and_analysis", "repository")),
    (okta.parse_events, ("system_log", "other")),
]
WORDS = st.sampled_from(
    [
        "detail",
        "detail-type",
        "GuardDuty Finding",
        "findings",
        "id",
        "data",
        "eventType",
        "essentials",
        "incident",
        "finding",
        "protoPayload",
        "severity",
        "state",
        "alert",
        "action",
        "events",
        "userIdentity",
        "eventName",
        "eventSource",
        "requestParameters",
        "items",
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=6),
    max_leaves=25,
)


def event(**fields: object):
    given = {"raw": {}, "id": "1", "name": "n", "source": "s", "at": None, **fields}
    return made(Provider.AWS, EventKind.OTHER, **given)


@pytest.mark.parametrize(("parse", "kinds"), PARSERS, ids=["aws", "azure", "gcp", "github", "okta"])
@given(data=st.data())
def test_whatever_comes_is_read_or_refused_and_nothing_else(parse, kinds, data):
    kind, body = data.draw(st.sampled_from(kinds)), data.draw(JSON)

    try:
        events = parse(kind, body)
    except Misshapen:
        return
    assert events
    json.dumps([one.model_dump(mode="json") for one in events])


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("2026-06-15T12:00:00Z", datetime(2026, 6, 15, 12, tzinfo=UTC)),
        ("2026-06-15T14:00:00.123456789+02:00", datetime(2026, 6, 15, 12, 0, 0, 123456, tzinfo=UTC)),
        ("2026-06-15 12:00:00", datetime(2026, 6, 15, 12, tzinfo=UTC)),
        ("2026-06-15T12:00:00.000+0000", datetime(2026, 6, 15, 12, tzinfo=UTC)),
        ("yesterday", None),
        (1750000000, None),
        (None, None),
    ],
)
def test_times_are_utc_in_every_form_that_providers_write(value, read):
    assert moment(value) == read


@pytest.mark.parametrize(
    ("value", "read"), [(" a ", "a"), ("", None), (5, "5"), (True, None), (None, None), ([], None)]
)
def test_text_is_text_or_a_number(value, read):
    assert text(value) == read


def test_a_path_ends_where_nothing_is():
    assert found({"a": {"b": 1}}, "a", "b") == 1
    assert found({"a": [1]}, "a", "b") is None
    assert texts(["a", None, "a", 3, {}]) == ("a", "3")


@pytest.mark.parametrize(
    "key",
    ["password", "masterUserPassword", "SecretAccessKey", "sessionToken", "clientSecret", "private_key", "apiKey",
     "Authorization", "credentials", "connectionString", "secretString", "secret", "accessToken"],
)  # fmt: skip
def test_what_is_called_a_secret_is_hidden(key):
    assert without_secrets({"a": [{key: "hush"}]}) == {"a": [{key: HIDDEN}]}


@pytest.mark.parametrize(
    "key", ["secretId", "accessKeyId", "passwordResetRequired", "userName", "keyId", "secretIdList"]
)
def test_what_only_sounds_like_a_secret_is_kept(key):
    value = True if key == "passwordResetRequired" else "known"

    assert without_secrets({key: value}) == {key: value}


@pytest.mark.parametrize(
    "value",
    ["ghp_" + "a" * 36, "-----BEGIN RSA PRIVATE KEY-----", "xoxb-" + "1234567890-abc",
     "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIiwiYSI6MX0.sig",
     "https://x.blob.core.windows.net/c?sv=1&sig=aaaaaaaaaaaaaaaaaaaaaaaa"],
)  # fmt: skip
def test_what_looks_like_a_secret_is_hidden_wherever_it_stands(value):
    assert without_secrets({"note": f"see {value}"}) == {"note": HIDDEN}


def test_nothing_grows_without_bounds():
    made_event = event(
        name="n" * 5000,
        message="m" * 5000,
        resources=[f"{number}" * 700 for number in range(100)],
        raw={"big": "x" * (MOST_RAW_BYTES + 1)},
    )

    assert len(made_event.name) == 300
    assert len(made_event.message) == 2000
    assert len(made_event.resources) == MOST_RESOURCES
    assert max(map(len, made_event.resources)) == 600
    assert made_event.raw.keys() == {"left_out_bytes"}


def test_what_is_nested_without_end_is_cut_off():
    deep: dict[str, object] = {}
    for _ in range(500):
        deep = {"a": deep}

    assert len(json.dumps(event(raw=deep).raw)) < 1000


def test_half_a_character_can_be_stored():
    event(name="\ud800", message="a\udfff").model_dump_json().encode()


def test_an_event_without_a_name_is_none_and_one_without_a_time_is_undated():
    assert event().at == UNDATED
    with pytest.raises(Misshapen, match="what happened"):
        event(name=None)
