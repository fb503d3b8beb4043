"""Which names of variables say that their values are credentials."""

import pytest

from domain.compliance.credential_name import names_credential


@pytest.mark.parametrize(
    "name",
    ["DB_PASSWORD", "password", "apiKey", "API_KEY", "APIKEY", "AWS_SECRET_ACCESS_KEY", "stripe-token", "smtp.passwd"],
)
def test_these_hold_a_credential(name):
    assert names_credential(name)


@pytest.mark.parametrize(
    "name",
    [
        "LOG_LEVEL",
        "TOKEN_TTL",
        "DB_SECRET_ARN",
        "AWS_ACCESS_KEY_ID",
        "tokenUrl",
        "KEYBOARD",
        "SECRETARY",
        "PASSWORDLESS",
    ],
)
def test_these_do_not(name):
    assert not names_credential(name)
