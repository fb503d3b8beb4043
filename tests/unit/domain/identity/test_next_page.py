"""A sign-in leads to our own pages and to programs on this machine, nowhere else."""

import pytest

from domain.errors import Invalid
from domain.identity.next_page import checked_page, checked_program, with_parameters

PUBLIC = "https://cloud.example.com"
ORIGINS = ["https://app.example.com", "https://dev.example.com:8443"]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("/", f"{PUBLIC}/"),
        ("/costs?a=1#top", f"{PUBLIC}/costs?a=1#top"),
        ("costs", f"{PUBLIC}/costs"),
        ("https://cloud.example.com:443/x", "https://cloud.example.com:443/x"),
        ("https://APP.example.com/x", "https://APP.example.com/x"),
        ("https://dev.example.com:8443/x", "https://dev.example.com:8443/x"),
    ],
)
def test_pages_of_ours_are_allowed(text, address):
    assert checked_page(text, PUBLIC, ORIGINS) == address


@pytest.mark.parametrize(
    "text",
    [
        "https://evil.example.com/",
        "//evil.example.com/",
        "/\\evil.example.com",
        "\\\\evil.example.com",
        "http://cloud.example.com/",
        "https://cloud.example.com:8443/",
        "https://cloud.example.com@evil.example.com/",
        "https://user:secret@cloud.example.com/",
        "https://cloud.example.com.evil.example/",
        "https://cloud.example.com:x/",
        "https://cloud.example.com:0/",
        "https://[::1/",
        "javascript:alert(1)",
        "data:text/html,x",
        "/a\nb",
        "/\x00",
        "/ a",
        "/" + "a" * 1001,
        "http://127.0.0.1:4000/",
    ],
)
def test_anything_else_is_refused(text):
    with pytest.raises(Invalid) as refused:
        checked_page(text, PUBLIC, ORIGINS)

    assert refused.value.path == ("next",)


@pytest.mark.parametrize(
    "text", ["http://127.0.0.1:49152/done", "http://[::1]:9/", "com.example.app:/done", "https://app.example.com/done"]
)
def test_programs_wait_on_loopback_or_where_the_settings_say(text):
    assert checked_program(text, PUBLIC, ORIGINS, ["com.example.app:/done"]) == text


@pytest.mark.parametrize(
    "text",
    [
        "http://localhost:1/",
        "http://10.0.0.1/",
        "https://127.0.0.1/",
        "com.example.app:/other",
        "http://127.0.0.1.evil.example/",
        "http://127.0.0.1:1@evil.example/",
    ],
)
def test_programs_wait_nowhere_else(text):
    with pytest.raises(Invalid):
        checked_program(text, PUBLIC, ORIGINS, ["com.example.app:/done"])


def test_parameters_are_added_to_those_there_are():
    assert with_parameters("https://a.example/x?y=1#z", {"code": "a&b"}) == "https://a.example/x?y=1&code=a%26b#z"
    assert with_parameters("https://a.example/x", {}) == "https://a.example/x"
