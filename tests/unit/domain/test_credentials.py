"""Ways into clouds and systems: what cannot work together is refused by its field; secrets are revealed only whole."""

from typing import Any

import pytest

from domain.errors import Invalid
from domain.facts.credentials import Credentials, DigitalOceanCredentials, GithubCredentials, OktaCredentials

SITE = "https://example.okta.com"
APP = {"app_id": "1", "installation_id": "2", "private_key": "pem"}


@pytest.mark.parametrize(
    ("kind", "given", "field"),
    [
        (DigitalOceanCredentials, {"token": "t", "spaces_key_id": "k"}, "spaces_key_id"),
        (DigitalOceanCredentials, {"token": "t", "spaces_secret": "s"}, "spaces_key_id"),
        (GithubCredentials, {"organization": "example"}, "token"),
        (GithubCredentials, {"organization": "example", "app_id": "1"}, "token"),
        (GithubCredentials, {"organization": "example", "token": "t", **APP}, "token"),
        (OktaCredentials, {"org_url": SITE, "client_id": "c"}, "client_id"),
        (OktaCredentials, {"org_url": SITE}, "token"),
        (OktaCredentials, {"org_url": SITE, "token": "t", "client_id": "c", "private_key": "k"}, "token"),
    ],
)
def test_what_cannot_work_together_is_refused_by_its_field(
    kind: type[Credentials], given: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        kind.model_validate(given)

    assert refusal.value.path == (field,)


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        (DigitalOceanCredentials, {"token": "t", "spaces_key_id": "k", "spaces_secret": "s"}),
        (GithubCredentials, {"organization": "example", **APP}),
        (GithubCredentials, {"organization": "example", "token": "t"}),
        (OktaCredentials, {"org_url": SITE, "client_id": "c", "private_key": "k"}),
    ],
)
def test_what_is_revealed_opens_the_same_way_again(kind: type[Credentials], given: dict[str, Any]) -> None:
    made = kind.model_validate(given)

    revealed = made.revealed()

    assert {name: value for name, value in revealed.items() if value is not None} == given
    assert kind.model_validate(revealed) == made
