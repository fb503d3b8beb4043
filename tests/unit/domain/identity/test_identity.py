"""What of a provider's claims is believed."""

import pytest

from domain.identity.claim import has_value
from domain.identity.identity import ProviderKind, address_of, identity_of

GOOGLE, ENTRA, GITHUB, OWN = ProviderKind


def claims(**more):
    return {"iss": "https://issuer.example.com", "sub": "1", "email": "Ann@Example.com", "name": "Ann", **more}


@pytest.mark.parametrize(
    ("kind", "more", "is_proven"),
    [
        (GOOGLE, {"email_verified": True, "hd": "example.com"}, True),
        (GOOGLE, {"email_verified": True, "email": "ann@gmail.com"}, True),
        (GOOGLE, {"email_verified": True}, False),
        (GOOGLE, {"email_verified": False, "hd": "example.com"}, False),
        (GOOGLE, {"hd": "example.com"}, False),
        (ENTRA, {"xms_edov": True}, True),
        (ENTRA, {"xms_edov": "1"}, True),
        (ENTRA, {"xms_edov": False}, False),
        (ENTRA, {"email_verified": True}, False),
        (GITHUB, {"email_verified": True}, True),
        (GITHUB, {"email_verified": False}, False),
        (OWN, {}, True),
        (OWN, {"email_verified": True}, True),
        (OWN, {"email_verified": False}, False),
    ],
)
def test_an_address_counts_when_the_provider_vouches_for_it(kind, more, is_proven):
    identity = identity_of(kind, claims(**more))

    assert identity.is_email_proven is is_proven
    assert identity.email == str(more.get("email", "ann@example.com"))


@pytest.mark.parametrize(
    "email",
    [None, 1, "", "ann", "@example.com", "ann@", "a@b@c", "a b@example.com", "a\n@b.com", "a" * 255 + "@b"],
)
def test_what_is_no_address_is_none(email):
    identity = identity_of(OWN, claims(email=email))

    assert (identity.email, identity.is_email_proven) == (None, False)


def test_an_address_is_read_in_lower_case():
    assert address_of(" Ann@EXAMPLE.com ") == "ann@example.com"


@pytest.mark.parametrize(
    ("more", "name"),
    [
        ({}, "Ann"),
        ({"name": " "}, "ann"),
        ({"name": None, "email": None}, "Somebody"),
        ({"name": "x" * 200}, "x" * 100),
    ],
)
def test_a_person_is_called_something(more, name):
    assert identity_of(OWN, claims(**more)).name == name


@pytest.mark.parametrize(
    ("value", "wanted", "is_there"),
    [
        ("staff", "staff", True),
        (["staff", "admins"], "admins", True),
        (["staff"], "admins", False),
        (7, "7", True),
        (True, "true", True),
        (None, "None", False),
        ({"staff": 1}, "staff", False),
    ],
)
def test_a_claim_has_a_value_or_holds_it(value, wanted, is_there):
    assert has_value({"groups": value}, "groups", wanted) is is_there
    assert not has_value({}, "groups", wanted)
