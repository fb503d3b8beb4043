"""Which issuers and domains may be named."""

import pytest

from domain.errors import Invalid
from domain.identity.domain_name import checked_domain, proof_name, proof_value
from domain.identity.provider import check_issuer, discovery_url


@pytest.mark.parametrize(
    "issuer", ["https://login.example.com", "https://login.example.com/tenant/", "https://a.b:8443"]
)
def test_an_issuer_is_kept_letter_by_letter(issuer):
    assert check_issuer(issuer, allow_private=False) == issuer


@pytest.mark.parametrize(
    "issuer",
    [
        "http://login.example.com",
        "https://10.0.0.1",
        "https://localhost",
        "https://169.254.169.254",
        "https://login.example.com?x=1",
        "ftp://login.example.com",
        "http://127.0.0.1:9000",
        "nothing",
    ],
)
def test_an_issuer_inside_or_without_tls_is_refused(issuer):
    with pytest.raises(Invalid) as refused:
        check_issuer(issuer, allow_private=False)

    assert refused.value.path == ("issuer",)


def test_in_development_an_issuer_may_be_on_this_machine_in_the_open_and_nowhere_else():
    for issuer in ("http://127.0.0.1:9000", "http://localhost:9000", "http://[::1]:9", "https://10.0.0.1"):
        assert check_issuer(issuer, allow_private=True) == issuer
    for issuer in ("http://10.0.0.1", "http://login.example.com"):
        with pytest.raises(Invalid):
            check_issuer(issuer, allow_private=True)


@pytest.mark.parametrize("issuer", ["https://a.example/t", "https://a.example/t/"])
def test_an_issuer_describes_itself_below_itself(issuer):
    assert discovery_url(issuer) == "https://a.example/t/.well-known/openid-configuration"


@pytest.mark.parametrize(("text", "name"), [(" Example.COM. ", "example.com"), ("xn--bcher-kva.example", None)])
def test_a_domain_is_written_in_one_way(text, name):
    assert checked_domain(text) == (name or text)


@pytest.mark.parametrize(
    "text",
    ["com", "", "a..b", "-a.com", "a-.com", "a b.com", "bücher.example", "1.2.3.4", "a@b.c", "x" * 64 + ".com"],
)
def test_what_is_no_domain_is_refused(text):
    with pytest.raises(Invalid):
        checked_domain(text)


def test_a_domain_is_proven_below_itself():
    assert proof_name("example.com") == "_cloudwatcher.example.com"
    assert proof_value("abc") == "cloudwatcher-domain=abc"
