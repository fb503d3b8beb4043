"""Domains that an organization says are its own, and the DNS record that proves it."""

import re

from domain.errors import Invalid

_NAME = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])")
# A name of its own, as RFC 8552 asks, so that other TXT records of the domain stay as they are.
PROOF_LABEL = "_cloudwatcher"
PROOF_PREFIX = "cloudwatcher-domain="


def checked_domain(text: str) -> str:
    """A domain name in lower case, without the dot at its end; others than ASCII in Punycode. Raises Invalid."""
    name = text.strip().rstrip(".").lower()
    if not _NAME.fullmatch(name):
        raise Invalid("Write the domain like example.com; with other letters than a to z, in Punycode.", path=("name",))
    return name


def proof_name(domain: str) -> str:
    """Where the TXT record belongs."""
    return f"{PROOF_LABEL}.{domain}"


def proof_value(token: str) -> str:
    """What it must say."""
    return PROOF_PREFIX + token
