"""Which key services are accepted, what the driver is told of them, and what is said when something is missing."""

import base64
from typing import Any

import pytest
from pydantic import ValidationError

from app.keys import load_master_keys
from app.kms import service_key
from app.settings import Settings
from documents.master_key import MasterKey, MasterKeys, local_master_key, master_key_id
from domain.errors import Invalid

AWS_KEY = "arn:aws-us-gov:kms:us-gov-west-1:123456789012:key/1234abcd-12ab"
GCP_KEY = "projects/example.com:watch/locations/europe-west3/keyRings/ring/cryptoKeys/key"
AZURE = {
    "CLOUDWATCHER_KMS_PROVIDER": "azure",
    "CLOUDWATCHER_KMS_AZURE_VAULT": "example.vault.azure.cn",
    "CLOUDWATCHER_KMS_AZURE_KEY": "wrapping/0123abcd",
}
GCP = {"CLOUDWATCHER_KMS_PROVIDER": "gcp", "CLOUDWATCHER_KMS_GCP_KEY": GCP_KEY}
KMIP = {"CLOUDWATCHER_KMS_PROVIDER": "kmip", "CLOUDWATCHER_KMS_KMIP_ENDPOINT": "kmip.example.com:5696"}
OLD, NEW = b"o" * 96, b"n" * 96


def read(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> Settings:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return Settings()


def base64_of(key: bytes) -> str:
    return base64.b64encode(key).decode()


def current(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> MasterKey:
    settings = read(monkeypatch, environment)
    return service_key(settings, settings.kms_provider)


def test_an_aws_key_is_known_by_its_arn_and_reached_with_what_the_machine_has(monkeypatch):
    key = current(
        monkeypatch,
        {
            "CLOUDWATCHER_KMS_PROVIDER": "aws",
            "CLOUDWATCHER_KMS_AWS_KEY": AWS_KEY,
            "CLOUDWATCHER_KMS_AWS_ENDPOINT": "kms.us-gov-west-1.amazonaws.com",
        },
    )

    assert key.place == {"region": "us-gov-west-1", "key": AWS_KEY, "endpoint": "kms.us-gov-west-1.amazonaws.com"}
    assert key.access == {}, "empty: the driver asks the AWS library"


def test_an_azure_key_is_reached_as_an_application_or_with_the_identity_of_the_machine(monkeypatch):
    machine = current(monkeypatch, AZURE)
    application = current(
        monkeypatch,
        AZURE
        | {
            "CLOUDWATCHER_KMS_AZURE_TENANT_ID": "tenant",
            "CLOUDWATCHER_KMS_AZURE_CLIENT_ID": "client",
            "CLOUDWATCHER_KMS_AZURE_CLIENT_SECRET": "s3cret-azure",
            "CLOUDWATCHER_KMS_AZURE_LOGIN_ENDPOINT": "login.chinacloudapi.cn",
        },
    )

    place = {"keyVaultEndpoint": "example.vault.azure.cn", "keyName": "wrapping", "keyVersion": "0123abcd"}
    assert (machine.place, machine.access) == (place, {})
    assert application.access == {
        "tenantId": "tenant",
        "clientId": "client",
        "clientSecret": "s3cret-azure",
        "identityPlatformEndpoint": "login.chinacloudapi.cn",
    }
    assert "s3cret-azure" not in repr(application)


@pytest.mark.parametrize("line_break", ["\n", "\\n"])
def test_a_google_key_is_reached_with_the_key_of_a_service_account(monkeypatch, line_break):
    pem = line_break.join(["-----BEGIN PRIVATE KEY-----", "c2Vj", "cmV0", "-----END PRIVATE KEY-----"])
    account = {"CLOUDWATCHER_KMS_GCP_EMAIL": "watch@example.iam", "CLOUDWATCHER_KMS_GCP_PRIVATE_KEY": pem}

    machine, key = current(monkeypatch, GCP), current(monkeypatch, GCP | account)

    place = {"projectId": "example.com:watch", "location": "europe-west3", "keyRing": "ring", "keyName": "key"}
    assert (machine.place, machine.access) == (place, {})
    assert key.access == {"email": "watch@example.iam", "privateKey": "c2VjcmV0"}
    assert "c2VjcmV0" not in repr(key)


def test_a_kmip_server_is_reached_with_a_certificate_and_encrypts_by_itself(monkeypatch, tmp_path):
    files = {name: tmp_path / name for name in ("ca.pem", "client.pem")}
    for path in files.values():
        path.touch()
    tls = {
        "CLOUDWATCHER_KMS_TLS_CA_FILE": str(files["ca.pem"]),
        "CLOUDWATCHER_KMS_TLS_CLIENT_FILE": str(files["client.pem"]),
    }

    key = current(monkeypatch, KMIP | tls)
    old_server = current(monkeypatch, {"CLOUDWATCHER_KMS_KMIP_DELEGATED": "false", "CLOUDWATCHER_KMS_KMIP_KEY": "7"})

    assert key.place == {"endpoint": "kmip.example.com:5696", "delegated": True}
    assert key.tls == {"tlsCAFile": str(files["ca.pem"]), "tlsCertificateKeyFile": str(files["client.pem"])}
    assert old_server.place == {"endpoint": "kmip.example.com:5696", "keyId": "7"}


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"CLOUDWATCHER_KMS_PROVIDER": "aws"}, "Set CLOUDWATCHER_KMS_AWS_KEY to the key's ARN"),
        ({"CLOUDWATCHER_KMS_PROVIDER": "aws", "CLOUDWATCHER_KMS_AWS_KEY": "alias/x"}, "CLOUDWATCHER_KMS_AWS_KEY"),
        ({"CLOUDWATCHER_KMS_PROVIDER": "azure"}, "Set CLOUDWATCHER_KMS_AZURE_VAULT to the host"),
        (AZURE | {"CLOUDWATCHER_KMS_AZURE_KEY": "wrapping"}, "Set CLOUDWATCHER_KMS_AZURE_KEY to name/version"),
        (AZURE | {"CLOUDWATCHER_KMS_AZURE_CLIENT_ID": "x"}, "together, or none of them"),
        (AZURE | {"CLOUDWATCHER_KMS_AZURE_VAULT": "https://v.example"}, "kms_azure_vault"),
        ({"CLOUDWATCHER_KMS_PROVIDER": "gcp"}, "Set CLOUDWATCHER_KMS_GCP_KEY to projects/"),
        (GCP | {"CLOUDWATCHER_KMS_GCP_EMAIL": "x"}, "CLOUDWATCHER_KMS_GCP_PRIVATE_KEY together"),
        ({"CLOUDWATCHER_KMS_PROVIDER": "kmip"}, "Set CLOUDWATCHER_KMS_KMIP_ENDPOINT to host:port"),
        ({"CLOUDWATCHER_PREVIOUS_KMS_PROVIDER": "kmip"}, "Set CLOUDWATCHER_KMS_KMIP_ENDPOINT to host:port"),
        ({"CLOUDWATCHER_PREVIOUS_KMS_PROVIDER": "local"}, "Set CLOUDWATCHER_PREVIOUS_MASTER_KEY for a local key"),
        (KMIP | {"CLOUDWATCHER_KMS_TLS_CA_FILE": "/gone.pem"}, "CLOUDWATCHER_KMS_TLS_CA_FILE names /gone.pem"),
        ({"CLOUDWATCHER_KMS_PROVIDER": "vault"}, "kms_provider"),
    ],
)
def test_what_is_missing_or_malformed_is_named_with_what_to_do(monkeypatch, environment, says):
    with pytest.raises(ValidationError, match=says):
        read(monkeypatch, environment)


def test_without_any_setting_a_key_file_is_made_once(monkeypatch, tmp_path):
    settings = Settings().model_copy(update={"data_dir": tmp_path})

    first, second = load_master_keys(settings), load_master_keys(settings)

    assert first == second
    path = tmp_path / "keys" / "master.key"
    assert first == MasterKeys(local_master_key(path.read_bytes()))
    assert path.stat().st_mode & 0o077 == 0


def test_the_previous_key_is_taken_from_its_setting_or_its_file(monkeypatch, tmp_path):
    both = {"CLOUDWATCHER_MASTER_KEY": base64_of(NEW), "CLOUDWATCHER_PREVIOUS_MASTER_KEY": base64_of(OLD)}
    set_keys = load_master_keys(read(monkeypatch, both))
    for name in both:
        monkeypatch.delenv(name)
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "master.key").write_bytes(NEW)
    (tmp_path / "keys" / "previous_master.key").write_bytes(OLD)

    kept_keys = load_master_keys(Settings().model_copy(update={"data_dir": tmp_path}))

    assert set_keys == kept_keys == MasterKeys(local_master_key(NEW), (local_master_key(OLD),))


def test_a_local_key_still_opens_after_the_move_to_a_service_and_none_is_made(monkeypatch, tmp_path):
    settings = read(monkeypatch, GCP | {"CLOUDWATCHER_DATA_DIR": str(tmp_path)})
    alone = load_master_keys(settings)
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "master.key").write_bytes(OLD)

    moving = load_master_keys(settings)

    assert (alone.current.provider, alone.others) == ("gcp", ())
    assert (moving.current.provider, moving.others) == ("gcp", (local_master_key(OLD),))
    assert set(moving.providers()) == {"gcp", "local", local_master_key(OLD).provider}


def test_the_previous_service_still_opens_after_the_move_to_another(monkeypatch):
    settings = read(monkeypatch, GCP | {"CLOUDWATCHER_PREVIOUS_KMS_PROVIDER": "aws"})

    keys = load_master_keys(settings)

    assert (keys.current.provider, [key.provider for key in keys.others]) == ("gcp", ["aws"])


@pytest.mark.parametrize(
    ("name", "value"),
    [("CLOUDWATCHER_MASTER_KEY", "not base64!"), ("CLOUDWATCHER_PREVIOUS_MASTER_KEY", base64_of(b"short"))],
)
def test_a_malformed_key_is_refused_by_the_name_of_its_setting(monkeypatch, name, value):
    settings = read(monkeypatch, {"CLOUDWATCHER_MASTER_KEY": base64_of(NEW), name: value})

    with pytest.raises(Invalid, match=name):
        load_master_keys(settings)


def test_no_part_of_a_local_key_is_in_its_name_or_its_repr():
    key = local_master_key(OLD)

    assert key.provider != local_master_key(NEW).provider
    assert repr(OLD)[2:10] not in repr(MasterKeys(key))


@pytest.mark.parametrize(
    ("stored", "is_wrapped"),
    [
        ({"provider": "aws", "region": "eu-west-1", "key": "a", "endpoint": "kms.example.com"}, True),
        ({"provider": "aws", "region": "eu-west-1", "key": "a", "endpoint": "kms.example.com:443"}, True),
        ({"provider": "aws", "region": "eu-west-1", "key": "b", "endpoint": "kms.example.com"}, False),
        ({"provider": "aws", "region": "eu-west-1", "key": "a"}, False),
        ({"provider": "gcp", "region": "eu-west-1", "key": "a", "endpoint": "kms.example.com"}, False),
    ],
)
def test_a_data_key_is_told_to_be_under_this_master_key_or_another(stored, is_wrapped):
    place = {"region": "eu-west-1", "key": "a", "endpoint": "kms.example.com"}

    assert MasterKey(provider="aws", place=place).wraps(stored) is is_wrapped


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ({"provider": "aws", "key": AWS_KEY, "region": "us-gov-west-1"}, AWS_KEY),
        ({"provider": "azure", "keyVaultEndpoint": "v.example", "keyName": "k", "keyVersion": "1"}, "v.example/k/1"),
        ({"provider": "kmip", "keyId": "7", "endpoint": "kmip.example:5696"}, "kmip.example:5696/7"),
        ({"provider": "local:00ff"}, "00ff"),
        ({"provider": "local"}, "(unnamed)"),
    ],
)
def test_a_master_key_is_shown_by_the_name_its_provider_gives_it(stored: dict[str, Any], shown: str) -> None:
    assert master_key_id(stored) == shown
