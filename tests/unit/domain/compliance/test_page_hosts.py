"""Which hosts a page calls, and whose they are."""

import time

import pytest

from domain.compliance.page_hosts import parse_hosts
from domain.compliance.trackers import OWNERS, by_owner, is_of, owner_of

TAG_MANAGER = """<script>(function(w,d,s,l,i){if(1<2){j=d.createElement(s);}
j.src='https://www.googletagmanager.com/gtm.js?id='+i;})(window,document,'script','dataLayer','GTM-1');</script>"""
PIXEL = '<noscript><img height=1 width=1 src="https://www.facebook.com/tr?id=1&ev=PageView"/></noscript>'


@pytest.mark.parametrize(
    ("page", "hosts"),
    [
        ('<script async src="https://static.hotjar.com/c/hotjar.js"></script>', ["static.hotjar.com"]),
        ("<SCRIPT SRC=//Bat.Bing.com/bat.js></SCRIPT>", ["bat.bing.com"]),
        (TAG_MANAGER, ["www.googletagmanager.com"]),
        (PIXEL, ["www.facebook.com"]),
        (r'<script>var u = "https:\/\/cdn.segment.com\/analytics.js";</script>', ["cdn.segment.com"]),
        ('<style>@import url("https://fonts.example.com/a.css");</style>', ["fonts.example.com"]),
        (
            '<link rel="preconnect" href="https://a.example:8443"><iframe src="http://b.example/">',
            ["a.example", "b.example"],
        ),
        ('<form action="https://forms.example/send"><input type=text></form>', ["forms.example"]),
        # What nobody fetches unless a person follows it.
        ('<a href="https://www.facebook.com/clinic">Find us</a>', []),
        ("<p>We left https://www.google-analytics.com behind.</p>", []),
        ('<!-- <script src="https://static.hotjar.com/c.js"></script> -->', []),
        ('<textarea><img src="https://a.example/x"></textarea><title><img src="//b.example/y"></title>', []),
        ("<img src='/own.png'> 1 < 2 <> </p>", []),
        # Nothing is closed.
        ('<img src="https://a.example/x', ["a.example"]),
        ('<script>load("https://a.example/x")', ["a.example"]),
        ("<!-- never closed <script src=https://a.example/x>", []),
        ("", []),
    ],
)
def test_a_page_calls_what_it_loads(page: str, hosts: list[str]) -> None:
    assert list(parse_hosts(page)) == hosts


@pytest.mark.parametrize("part", ["<", "<!--", "<script", "<script>", "//a.", "<img src=//a.a-", "</script", "<!"])
def test_no_page_takes_long_to_read(part: str) -> None:
    page = part * (2_000_000 // len(part))
    started = time.process_time()

    parse_hosts(page)

    assert time.process_time() - started < 5


def test_a_host_is_whose_tracker_it_lies_below() -> None:
    assert owner_of("www.google-analytics.com") == "Google Analytics"
    assert owner_of("script.crazyegg.com") == "Crazy Egg"
    assert owner_of("www.crazyegg.com") is None
    assert owner_of("localhost") is None
    assert by_owner(["b.hotjar.com", "a.hotjar.com", "clinic.example", "a.hotjar.com"]) == {
        "Hotjar": ["a.hotjar.com", "b.hotjar.com"]
    }


def test_a_vendor_is_known_by_its_name_whatever_its_form() -> None:
    assert is_of("TikTok Ltd.", "TikTok")
    assert is_of("the trade desk, inc.", "The Trade Desk")
    assert not is_of("Amazon Web Services", "Amazon Ads")
    assert not is_of("", "X")


def test_trackers_are_named_as_hosts_are_and_none_below_another() -> None:
    assert all(host == host.lower() and "." in host for host in OWNERS)
    assert all(owner_of(host.partition(".")[2]) is None for host in OWNERS)
