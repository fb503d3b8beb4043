"""What holds a secret does not show it, and errors about secrets do not tell them."""

import base64
import traceback
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
import pytest
from beanie import PydanticObjectId
from pydantic import SecretStr, ValidationError

import documents
from app.keys import load_keys
from app.settings import Settings
from app.wiring import Backend
from app.worker import options
from documents.account import sealed
from documents.master_key import MasterKeys, local_master_key
from documents.vault import SecretLost, Vault, VaultUnavailable
from domain.facts.aws_credentials import AwsCredentials
from domain.facts.credentials import (
    AzureCredentials,
    Credentials,
    DigitalOceanCredentials,
    GcpCredentials,
    GithubCredentials,
    JiraCredentials,
    OktaCredentials,
    SlackCredentials,
)
from domain.facts.provider import Provider
from schema.access import AccessInput, AwsAccessInput, AwsKeyInput
from schema.connecting import ConnectAccountInput
from tests.fakes.canary import Canary, traces


@pytest.fixture
def canary() -> Canary:
    return Canary("shown")


@pytest.mark.parametrize(
    "written",
    [
        lambda text: text,
        lambda text: orjson.dumps({"secret": text}).decode(),
        lambda text: quote(text, safe=""),
        lambda text: repr({"secret": text}),
        lambda text: text.encode().hex(),
        lambda text: text.encode().hex().upper(),
        lambda text: base64.b64encode(text.encode()).decode(),
        lambda text: base64.b64encode(f"a{text}".encode()).decode(),
        lambda text: base64.urlsafe_b64encode(f"ab{text} and more".encode()).decode(),
    ],
)
def test_the_probe_knows_every_form(canary: Canary, written: Any) -> None:
    assert traces([canary], f"before {written(canary.text)} after".encode())
    assert not traces([Canary("another")], written(canary.text).encode())


def holders(canary: Canary, backend: Backend, folder: Path) -> list[object]:
    """What holds a secret in a process: inputs, credentials, settings, keys, and the contexts that carry them."""
    asked = AwsKeyInput(access_key_id="AKIAIOSFODNN7EXAMPLE", secret_access_key=canary.text)
    master = base64.b64encode(canary.core.encode() * 3).decode()
    given = {"master_key": master, "previous_master_key": master, "kms_gcp_private_key": canary.text}
    shown = {"kms_gcp_email": "watch@example.com", "data_dir": folder}
    settings = Settings().model_copy(update=shown | {name: SecretStr(text) for name, text in given.items()})
    keys = load_keys(settings)
    vault = Vault(backend.client, "canaries", keys.master)
    changed = replace(backend, keys=keys, settings=settings, vault=vault)
    return [
        asked,
        ConnectAccountInput(name="x", access=AccessInput(**{**ways_in(canary.text), "aws": AwsAccessInput(key=asked)})),
        *ways_in(canary.text).values(),
        AwsCredentials(access_key_id="AKIAIOSFODNN7EXAMPLE", secret_access_key=canary.text),
        settings,
        settings.shown(),
        keys,
        [*keys.master],
        changed,
        options(changed)["ctx"]["context"],
    ]


def ways_in(secret: str) -> dict[str, Credentials]:
    """Credentials of every vendor, each with every secret it can have."""
    id, site = "0" * 8 + "-0000-0000-0000-" + "0" * 12, "https://example.com"
    app = {"app_id": "1", "installation_id": "2", "private_key": secret}
    return {
        "azure": AzureCredentials(tenant_id=id, client_id=id, client_secret=secret, subscription_id=id),
        "gcp": GcpCredentials(project_id="example-1", service_account_key=secret),
        "digitalocean": DigitalOceanCredentials(token=secret, spaces_key_id="k", spaces_secret=secret),
        "github": GithubCredentials(organization="example", **app),
        "okta": OktaCredentials(org_url=site, client_id="c", private_key=secret),
        "jira": JiraCredentials(site_url=site, email="robot@example.com", token=secret),
        "slack": SlackCredentials(token=secret),
    }


def test_what_holds_a_secret_does_not_show_it(canary: Canary, backend: Backend, tmp_path: Path) -> None:
    text = "\n".join(f"{one!r} {one!s}" for one in holders(canary, backend, tmp_path))

    assert "AKIAIOSFODNN7EXAMPLE" in text
    assert traces([canary], text.encode()) == []


async def test_a_stored_account_does_not_even_show_its_cipher_text(canary: Canary, backend: Backend) -> None:
    org_id = PydanticObjectId()
    cipher = await backend.vault.seal(str(org_id), canary.text)
    account = documents.Account(
        org_id=org_id,
        provider=Provider.AWS,
        name="x",
        state=documents.AccountState.CONNECTING,
        credentials=sealed(cipher),
    )

    assert traces([canary], cipher) == []
    assert repr(cipher)[10:40] not in repr(account) + str(account)


@pytest.mark.parametrize("fault", ["changed", "shredded", "unknown master key"])
async def test_a_vault_that_fails_leaves_no_secret_in_the_traceback(
    canary: Canary, backend: Backend, fault: str
) -> None:
    owner = str(PydanticObjectId())
    cipher = bytearray(await backend.vault.seal(owner, canary.text))
    vault = backend.vault
    if fault == "changed":
        cipher[-1] ^= 1
    elif fault == "shredded":
        await vault.shred(owner)
    else:
        vault = Vault(backend.client, backend.settings.mongodb_database, MasterKeys(local_master_key(b"x" * 96)))

    with pytest.raises((SecretLost, VaultUnavailable)) as raised:
        await vault.open(bytes(cipher))

    assert traces([canary], "".join(traceback.format_exception(raised.value)).encode()) == []


async def test_credentials_that_cannot_be_read_leave_no_secret_in_the_traceback(canary: Canary) -> None:
    stored = {"access_key_id": "AKIAIOSFODNN7EXAMPLE", "secret_access_key": canary.text * 9, "regions": canary.text}

    with pytest.raises(ValidationError) as raised:
        AwsCredentials.model_validate(stored)

    assert traces([canary], "".join(traceback.format_exception(raised.value)).encode()) == []
