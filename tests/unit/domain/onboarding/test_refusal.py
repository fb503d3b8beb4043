"""Credentials that did not open an account: the field, and what to do."""

import pytest

from domain.errors import CredentialsRejected, Misshapen, PermissionMissing, ProviderError, Throttled, Unavailable
from domain.facts.aws_credentials import AwsCredentials
from domain.facts.credentials import GithubCredentials, SlackCredentials
from domain.facts.provider import Provider
from domain.onboarding.refusal import CLOCK_FIX, FIELDS, FIXES, refusal

KEY = AwsCredentials.model_validate({"access_key_id": "AKIAEXAMPLE", "secret_access_key": "s"})
ROLE = AwsCredentials(role_arn="arn:aws:iam::123456789012:role/Reader", external_id="cw-1")
APP = GithubCredentials.model_validate(
    {"organization": "example", "app_id": "1", "installation_id": "2", "private_key": "PEM"}
)
STAND_IN = SlackCredentials.model_validate({"token": "xoxb-1", "endpoint_url": "https://stand-in.example"})


@pytest.mark.parametrize(
    ("given", "provider", "path"),
    [
        (KEY, Provider.AWS, ("access_key_id",)),
        (ROLE, Provider.AWS, ("role_arn",)),
        (APP, Provider.GITHUB, ("private_key",)),
        (STAND_IN, Provider.SLACK, ("token",)),
    ],
)
def test_a_rejection_names_the_credential_and_what_to_do(given, provider, path):
    told = refusal(CredentialsRejected("No.", service="x"), provider, given)

    assert told.path == path
    assert told.message == f"No. {FIXES[provider]}"


@pytest.mark.parametrize(
    "code", ["(RequestTimeTooSkewed): too large", "(SignatureDoesNotMatch): Signature expired: 2026 is now earlier"]
)
def test_a_wrong_clock_is_no_wrong_key(code):
    told = refusal(CredentialsRejected(f"AWS rejects the credentials {code}", service="sts"), Provider.AWS, KEY)

    assert told.path == ()
    assert told.message.endswith(CLOCK_FIX)


@pytest.mark.parametrize("error", [Unavailable("Away.", service="x"), Misshapen("HTML.", service="x")])
def test_what_is_not_the_vendor_points_to_the_address_where_one_was_given(error):
    assert refusal(error, Provider.SLACK, STAND_IN).path == ("endpoint_url",)
    assert refusal(error, Provider.AWS, KEY).path == ()


def test_not_even_being_allowed_to_ask_who_one_is_names_the_permission():
    told = refusal(PermissionMissing("auth.test needs x.", service="x"), Provider.SLACK, STAND_IN)

    assert told.path == ("token",)
    assert told.message == "auth.test needs x. Without it nothing can be read."


@pytest.mark.parametrize("error", [Throttled("Slower.", service="x"), ProviderError("Odd.", service="x")])
def test_other_answers_are_told_as_they_are(error):
    assert refusal(error, Provider.SLACK, STAND_IN).message == f"{error.message} {error.advice}".strip()


def test_every_vendor_has_its_fields_and_its_fix():
    assert set(FIELDS) == set(FIXES) == set(Provider) - {Provider.OTHER}
