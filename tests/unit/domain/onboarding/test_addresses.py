"""No address among credentials leads inside a network, whatever field it stands in."""

import json
from typing import Any

import pytest
from pydantic import BaseModel

from domain.errors import Invalid
from domain.facts import credentials
from domain.facts.aws_credentials import AwsCredentials
from domain.onboarding.addresses import checked_addresses

ID = "00000000-0000-0000-0000-000000000000"
KEY = {"type": "service_account", "client_email": "reader@p.iam.gserviceaccount.com", "private_key": "PEM"}
AZURE = {"tenant_id": ID, "client_id": ID, "client_secret": "s", "subscription_id": ID}
METADATA = "http://169.254.169.254/latest"
GIVEN: list[tuple[type[BaseModel], dict[str, Any]]] = [
    (AwsCredentials, {"access_key_id": "AKIAEXAMPLE", "secret_access_key": "s"}),
    (credentials.AzureCredentials, AZURE),
    (credentials.GcpCredentials, {"project_id": "project", "service_account_key": json.dumps(KEY)}),
    (credentials.DigitalOceanCredentials, {"token": "t"}),
    (credentials.GithubCredentials, {"organization": "example", "token": "t"}),
    (credentials.OktaCredentials, {"org_url": "https://example.okta.com", "token": "t"}),
    (
        credentials.JiraCredentials,
        {"site_url": "https://example.atlassian.net", "email": "a@example.com", "token": "t"},
    ),
    (credentials.SlackCredentials, {"token": "t"}),
]
FIELDS = [(kind, given, name) for kind, given in GIVEN for name in kind.model_fields if "url" in name]


@pytest.mark.parametrize(("kind", "given", "name"), FIELDS, ids=[f"{kind.__name__}.{name}" for kind, _, name in FIELDS])
def test_every_field_that_holds_an_address_is_looked_at(
    kind: type[BaseModel], given: dict[str, Any], name: str
) -> None:
    with pytest.raises(Invalid) as caught:
        checked_addresses(kind.model_validate({**given, name: METADATA}), allow_private=True)

    assert caught.value.path == (name,)


@pytest.mark.parametrize(("kind", "given"), GIVEN, ids=[kind.__name__ for kind, _ in GIVEN])
def test_addresses_of_vendors_are_taken(kind: type[BaseModel], given: dict[str, Any]) -> None:
    made = kind.model_validate({**given, "endpoint_url": "https://vendor.example/"})

    checked: Any = checked_addresses(made, allow_private=False)

    assert checked.endpoint_url == "https://vendor.example"


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("not json", "not JSON"),
        ("[]", "no key of a service account"),
        (json.dumps({**KEY, "type": "authorized_user"}), "no key of a service account"),
        (json.dumps({"type": "service_account"}), "lacks client_email and private_key"),
        (json.dumps({**KEY, "token_uri": METADATA}), "token_uri"),
        (json.dumps({**KEY, "token_uri": "https://oauth2.googleapis.com.example.com/token"}), "token_uri"),
    ],
)
def test_a_key_file_of_google_must_be_one_and_must_not_lead_elsewhere(key: str, why: str) -> None:
    given = credentials.GcpCredentials.model_validate({"project_id": "project", "service_account_key": key})

    with pytest.raises(Invalid, match=why) as caught:
        checked_addresses(given, allow_private=False)

    assert caught.value.path == ("service_account_key",)
    assert key not in str(caught.value)
