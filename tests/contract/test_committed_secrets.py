"""No secret is committed: nothing that looks like a private key, a token of a vendor, or an address with a password."""

import re

import pytest

from tests.contract.sources import Source, sample, texts

# What tests write in the place of a password.
MADE_UP = "hunter2|s3cret-mongo|secret|password"
# What each looks like, by its issuer's own description. Written so that this file holds none itself.
PATTERNS = {
    "private key": re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----\s+[A-Za-z0-9+/=]{16}"),
    "AWS access key": re.compile(r"\b(?:AKIA|ASIA)(?!\w*EXAMPLE\b|DEMOCLOUD)[A-Z2-7]{16}\b"),
    "GitHub token": re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{40,})"),
    "Slack token": re.compile(r"\bxox[abeprs]-[A-Za-z0-9-]{10,}"),
    "Google key": re.compile(r"\bAIza[A-Za-z0-9_-]{35}\b"),
    "Stripe key": re.compile(r"\b[rs]k_live_[A-Za-z0-9]{20,}"),
    "npm or PyPI token": re.compile(r"\bnpm_[A-Za-z0-9]{36}\b|\bpypi-[A-Za-z0-9_-]{50,}"),
    "JSON web token": re.compile(r"\beyJ[A-Za-z0-9_-]{15,}\.eyJ[A-Za-z0-9_-]{15,}\.[A-Za-z0-9_-]{20,}"),
    "address with a password": re.compile(
        rf"\b(?:mongodb(?:\+srv)?|rediss?|postgres(?:ql)?|amqps?)://[^\s:/@{{}}]+:(?!(?:{MADE_UP})@|\*)[^\s@/{{}}]{{3,}}@"
    ),
}


def found(source: Source) -> list[str]:
    return [f"{source.path}: {kind}" for kind, pattern in PATTERNS.items() if pattern.search(source.text)]


def test_no_file_holds_a_secret():
    assert [place for source in texts() for place in found(source)] == []


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("private key", "-----BEGIN " + "PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA"),
        ("private key", "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIEpAIBAAKCAQEA"),
        ("AWS access key", "AKIA" + "Q3EGRZ7TIBXWLPMK"),
        ("GitHub token", "ghp_" + "a1B2" * 9),
        ("Slack token", "xoxb-" + "123456789012-abcdef"),
        ("Google key", "AIza" + "Sy" + "a" * 33),
        ("Stripe key", "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc"),
        ("npm or PyPI token", "npm_" + "x" * 36),
        ("JSON web token", "eyJhbGciOiJFZERTQSJ9" + ".eyJzdWIiOiIxMjM0NTY3ODkwIn0." + "c2lnbmF0dXJlLXNpZ25hdHVyZQ"),
        ("address with a password", "mongodb://admin" + ":Winter2026@db.example"),
    ],
)
def test_a_secret_is_noticed(kind, text):
    assert found(sample(f"x = '{text}'")) == [f"documents/sample.py: {kind}"]


@pytest.mark.parametrize(
    "text",
    ["AKIAIOSFODNN7EXAMPLE", "mongodb://127.0.0.1:27017", "mongodb://user:secret@host", "redis://{user}:{password}@x"],
)
def test_examples_and_addresses_without_a_password_are_left_alone(text):
    assert found(sample(text)) == []
