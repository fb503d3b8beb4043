"""Who an identity provider says somebody is, and whether its word on the address counts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

LONGEST_EMAIL = 254
LONGEST_NAME = 100
# Who gets one of these has it from Google itself.
GOOGLE_DOMAINS = frozenset({"gmail.com", "googlemail.com"})
# Entra sends optional claims as text or numbers, too.
TRUE = (True, 1, "1", "true", "True")


class ProviderKind(StrEnum):
    """Whose rules on addresses apply. ORGANIZATION is any OpenID provider that an organization has set up."""

    GOOGLE = "google"
    MICROSOFT = "microsoft"
    GITHUB = "github"
    ORGANIZATION = "organization"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """`email` is in lower case; only one that is proven says which account somebody owns.

    `issuer` and `subject` together are the person at the provider, for ever (OpenID Connect Core 1.0, 5.7).
    """

    issuer: str
    subject: str
    email: str | None
    is_email_proven: bool
    name: str
    claims: Mapping[str, Any] = field(default_factory=dict, repr=False)


def identity_of(kind: ProviderKind, claims: Mapping[str, Any]) -> Identity:
    """The identity in the claims of a validated id_token, which hold at least iss and sub."""
    email = address_of(claims.get("email"))
    return Identity(
        issuer=claims["iss"],
        subject=claims["sub"],
        email=email,
        is_email_proven=email is not None and is_proven(kind, email, claims),
        name=name_of(claims, email),
        claims=claims,
    )


def is_proven(kind: ProviderKind, email: str, claims: Mapping[str, Any]) -> bool:
    """Whether the provider vouches for the address now.

    Google: verified, and hosted by Google (developers.google.com, "Using Sign in with Google": gmail.com, or `hd` is
    set); any other was verified once, long ago perhaps. Entra: only the optional claim xms_edov, "email domain owner
    verified", says it; the address itself is free text (learn.microsoft.com, "Optional claims"). An organization's
    provider: unless it says no; that the domain is the organization's is checked elsewhere. GitHub: its addresses are
    read by connectors.identity.github, which asks for a verified one.
    """
    verified = claims.get("email_verified")
    if kind is ProviderKind.GOOGLE:
        return verified in TRUE and (domain_of(email) in GOOGLE_DOMAINS or bool(claims.get("hd")))
    if kind is ProviderKind.MICROSOFT:
        return claims.get("xms_edov") in TRUE
    if kind is ProviderKind.GITHUB:
        return verified in TRUE
    return verified is None or verified in TRUE


def address_of(value: Any) -> str | None:
    """An e-mail address in lower case; None for what is none."""
    if not isinstance(value, str):
        return None
    email = value.strip().lower()
    local, at, domain = email.partition("@")
    is_one = bool(local and at and domain) and "@" not in domain and len(email) <= LONGEST_EMAIL
    return email if is_one and email.isprintable() and " " not in email else None


def domain_of(email: str) -> str:
    """What stands after the @."""
    return email.rpartition("@")[2]


def name_of(claims: Mapping[str, Any], email: str | None) -> str:
    """What to call the person: the claim, else what stands before the @, else a word."""
    name = claims.get("name")
    if isinstance(name, str) and name.strip():
        return name.strip()[:LONGEST_NAME]
    return email.partition("@")[0] if email else "Somebody"
