import pytest
from pydantic import ValidationError

from domain.errors import Invalid
from domain.facts.aws_credentials import AwsCredentials

KEYS = {"access_key_id": "AKIAEXAMPLE", "secret_access_key": "s3cr3t-of-the-key"}
ROLE = {"role_arn": "arn:aws:iam::123456789012:role/CloudWatcher", "external_id": "tenant-42"}


@pytest.mark.parametrize(
    "given",
    [
        KEYS,
        ROLE,
        {**KEYS, **ROLE},
        {**KEYS, "session_token": "t0k3n"},
        {**KEYS, "regions": ["eu-west-1", "us-gov-west-1"]},
        {**ROLE, "role_arn": "arn:aws-us-gov:iam::123456789012:role/path/to/Cloud.Watcher@x"},
    ],
)
def test_keys_or_a_role_with_its_external_id_are_taken(given):
    assert AwsCredentials.model_validate(given)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "access_key_id"),
        ({"access_key_id": "AKIAEXAMPLE"}, "access_key_id"),
        ({"secret_access_key": "x"}, "access_key_id"),
        ({"role_arn": ROLE["role_arn"]}, "role_arn"),
        ({**KEYS, "external_id": "tenant-42"}, "role_arn"),
        ({**ROLE, "role_arn": "CloudWatcher"}, "role_arn"),
        ({**ROLE, "role_arn": "arn:aws:iam::123456789012:user/CloudWatcher"}, "role_arn"),
        ({**ROLE, "role_arn": f"{ROLE['role_arn']}\n"}, "role_arn"),
        ({**ROLE, "external_id": "x"}, "external_id"),
        ({**ROLE, "external_id": "two words"}, "external_id"),
        ({**KEYS, "regions": ["Ireland"]}, "regions"),
        ({**KEYS, "regions": ["eu-west-1", "../us-east-1"]}, "regions"),
    ],
)
def test_combination_that_cannot_work_is_refused_with_its_field(given, field):
    with pytest.raises(Invalid) as refusal:
        AwsCredentials.model_validate(given)

    assert refusal.value.path == (field,)


def test_no_secret_is_shown():
    shown = AwsCredentials.model_validate({**KEYS, "session_token": "t0k3n"})

    assert "s3cr3t" not in repr(shown) + str(shown) + str(shown.model_dump()) + shown.model_dump_json()
    assert "t0k3n" not in repr(shown) + str(shown) + str(shown.model_dump()) + shown.model_dump_json()


def test_refusal_of_a_malformed_secret_does_not_show_it():
    with pytest.raises(ValidationError) as refusal:
        AwsCredentials.model_validate({**KEYS, "secret_access_key": "s3cr3t" * 100})

    assert "s3cr3t" not in str(refusal.value)


@pytest.mark.parametrize("given", [KEYS, ROLE, {**KEYS, "session_token": "t0k3n", "regions": ["eu-west-1"]}])
def test_what_is_stored_can_be_read_back(given):
    credentials = AwsCredentials.model_validate(given)

    stored = credentials.revealed()

    assert AwsCredentials.model_validate(stored) == credentials
    assert stored["secret_access_key"] == given.get("secret_access_key")
