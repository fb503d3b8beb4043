"""Master keys in key services, from the settings to the opened secret, against services over TLS that really encrypt.

AWS is moto, KMIP is PyKMIP's server; Azure and Google are stand-ins of ours (tests/fakes/key_services.py).
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import boto3
import pytest
from bson import ObjectId

from app.keys import load_master_keys
from app.settings import Settings
from app.wiring import Backend
from documents.key_rotation import KeyProgress, rewrap_keys
from documents.master_key import MasterKeys, local_master_key
from documents.vault import SecretLost, Vault, VaultUnavailable
from tests.fakes.key_services import AzureVault, Certificates, GoogleKms, aws_kms, kmip_server, served

SECRET = "wJalrXUtnFEMI/EXAMPLE/KEY"
SERVICES = ["aws", "azure", "gcp", "kmip"]
GCP_KEY = "projects/example/locations/europe-west3/keyRings/ring/cryptoKeys/key"
Environment = dict[str, str]


def quiet(_: KeyProgress) -> None:
    """Nobody watches."""


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("kms"))


@pytest.fixture(scope="module")
def azure() -> AzureVault:
    return AzureVault()


@pytest.fixture(scope="module")
def google() -> GoogleKms:
    return GoogleKms()


@pytest.fixture(scope="module")
def environments(certificates: Certificates, azure: AzureVault, google: GoogleKms) -> Iterator[dict[str, Environment]]:
    """The settings of each service."""
    with ExitStack() as stack:
        kmip = stack.enter_context(kmip_server(certificates))
        aws_host = stack.enter_context(aws_kms(certificates))
        azure_host = stack.enter_context(served(azure, certificates.context()))
        google_host = stack.enter_context(served(google, certificates.context()))
        made = {
            "aws": aws_settings(aws_host, certificates),
            "azure": azure_settings(azure_host),
            "gcp": google_settings(google_host, google),
            "kmip": {
                "CLOUDWATCHER_KMS_KMIP_ENDPOINT": asyncio.run(listening(kmip)),
                "CLOUDWATCHER_KMS_TLS_CLIENT_FILE": str(certificates.client),
            },
        }
        common = {"CLOUDWATCHER_KMS_TLS_CA_FILE": str(certificates.ca)}
        yield {name: {"CLOUDWATCHER_KMS_PROVIDER": name, **common, **own} for name, own in made.items()}


async def listening(kmip: object) -> str:
    assert callable(kmip)
    async with asyncio.timeout(60):
        while (host := kmip()) is None:  # noqa: ASYNC110 - another process makes it come true
            await asyncio.sleep(0.05)
    return str(host)


def aws_settings(host: str, certificates: Certificates) -> Environment:
    client = boto3.client(
        "kms",
        endpoint_url=f"https://{host}",
        verify=str(certificates.ca),
        region_name="eu-west-1",
        aws_access_key_id="a",
        aws_secret_access_key="b",
    )
    arn = client.create_key()["KeyMetadata"]["Arn"]
    return {
        "CLOUDWATCHER_KMS_AWS_KEY": arn,
        "CLOUDWATCHER_KMS_AWS_ENDPOINT": host,
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "not-a-real-secret-key",
    }


def azure_settings(host: str) -> Environment:
    return {
        "CLOUDWATCHER_KMS_AZURE_VAULT": host,
        "CLOUDWATCHER_KMS_AZURE_KEY": "wrapping/0123abcd",
        "CLOUDWATCHER_KMS_AZURE_TENANT_ID": AzureVault.tenant,
        "CLOUDWATCHER_KMS_AZURE_CLIENT_ID": AzureVault.client,
        "CLOUDWATCHER_KMS_AZURE_CLIENT_SECRET": AzureVault.secret,
        "CLOUDWATCHER_KMS_AZURE_LOGIN_ENDPOINT": host,
    }


def google_settings(host: str, google: GoogleKms) -> Environment:
    return {
        "CLOUDWATCHER_KMS_GCP_KEY": GCP_KEY,
        "CLOUDWATCHER_KMS_GCP_ENDPOINT": host,
        "CLOUDWATCHER_KMS_GCP_EMAIL": GoogleKms.email,
        "CLOUDWATCHER_KMS_GCP_PRIVATE_KEY": google.private_key(),
        "CLOUDWATCHER_KMS_GCP_TOKEN_ENDPOINT": host,
    }


@pytest.fixture
async def database(backend: Backend) -> AsyncIterator[str]:
    name = f"vault_{uuid4().hex}"
    yield name
    await backend.client.drop_database(name)


@pytest.fixture
def org_id() -> str:
    return str(ObjectId())


def master_keys(monkeypatch: pytest.MonkeyPatch, environment: Environment, data_dir: Path) -> MasterKeys:
    """What a process with this environment would use."""
    with monkeypatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        keys = load_master_keys(Settings().model_copy(update={"data_dir": data_dir}))
    for name, value in environment.items():
        if name.startswith("AWS_"):  # read by the AWS library, whenever it is asked
            monkeypatch.setenv(name, value)
    return keys


async def opened(backend: Backend, database: str, keys: MasterKeys) -> Vault:
    vault = Vault(backend.client, database, keys)
    await vault.migrate()
    return vault


@pytest.mark.parametrize("name", SERVICES)
async def test_a_secret_sealed_with_a_key_service_is_opened_by_another_process(
    backend: Backend, database: str, org_id: str, environments, monkeypatch, tmp_path, name: str
) -> None:
    keys = master_keys(monkeypatch, environments[name], tmp_path)
    first, second = await opened(backend, database, keys), await opened(backend, database, keys)

    sealed = await first.seal(org_id, SECRET)

    assert SECRET.encode() not in sealed
    assert await second.open(sealed) == SECRET
    (key,) = await first.list_keys()
    assert key.provider == name
    assert [*tmp_path.iterdir()] == [], "no key of our own is made"


@pytest.mark.parametrize("name", SERVICES)
async def test_a_data_key_under_the_right_master_key_is_recognised(
    backend: Backend, database: str, org_id: str, environments, monkeypatch, tmp_path, name: str
) -> None:
    vault = await opened(backend, database, master_keys(monkeypatch, environments[name], tmp_path))
    await vault.seal(org_id, SECRET)

    assert (await rewrap_keys(vault, quiet)).done == 0
    assert (await rewrap_keys(vault, quiet, every=True)).done == 1


@pytest.mark.parametrize("name", SERVICES)
async def test_data_keys_move_from_our_own_master_key_to_a_service_and_back(
    backend: Backend, database: str, org_id: str, environments, monkeypatch, tmp_path, name: str
) -> None:
    own = local_master_key(secrets.token_bytes(96))
    service = master_keys(monkeypatch, environments[name], tmp_path).current
    sealed = await (await opened(backend, database, MasterKeys(own))).seal(org_id, SECRET)

    there = await rewrap_keys(await opened(backend, database, MasterKeys(service, (own,))), quiet)
    in_the_service = await (await opened(backend, database, MasterKeys(service))).open(sealed)
    back = await rewrap_keys(await opened(backend, database, MasterKeys(own, (service,))), quiet)

    assert (there.done, there.problems, back.done, back.problems) == (1, [], 1, [])
    assert in_the_service == SECRET
    assert await (await opened(backend, database, MasterKeys(own))).open(sealed) == SECRET


async def test_data_keys_move_from_one_service_to_another(
    backend: Backend, database: str, org_id: str, environments, monkeypatch, tmp_path
) -> None:
    sealed = await (await opened(backend, database, master_keys(monkeypatch, environments["aws"], tmp_path))).seal(
        org_id, SECRET
    )
    moving = environments["aws"] | environments["gcp"] | {"CLOUDWATCHER_PREVIOUS_KMS_PROVIDER": "aws"}

    report = await rewrap_keys(await opened(backend, database, master_keys(monkeypatch, moving, tmp_path)), quiet)

    assert (report.done, report.problems) == (1, [])
    google = await opened(backend, database, master_keys(monkeypatch, environments["gcp"], tmp_path))
    assert await google.open(sealed) == SECRET


async def test_data_keys_move_to_a_new_version_of_a_key(
    backend: Backend, database: str, org_id: str, environments, monkeypatch, tmp_path
) -> None:
    newer = environments["azure"] | {"CLOUDWATCHER_KMS_AZURE_KEY": "wrapping/4567cdef"}
    sealed = await (await opened(backend, database, master_keys(monkeypatch, environments["azure"], tmp_path))).seal(
        org_id, SECRET
    )
    vault = await opened(backend, database, master_keys(monkeypatch, newer, tmp_path))
    assert await vault.open(sealed) == SECRET, "the old version is asked for while the data key names it"

    assert (await rewrap_keys(vault, quiet)).done == 1

    assert [key.master_key_id.rpartition("/")[2] for key in await vault.list_keys()] == ["4567cdef"]


@pytest.mark.parametrize("name", SERVICES)
async def test_a_service_that_we_do_not_trust_is_not_used(
    backend: Backend, database: str, org_id: str, environments, monkeypatch, tmp_path, name: str
) -> None:
    stranger = tmp_path / "stranger"
    stranger.mkdir()
    untrusting = environments[name] | {"CLOUDWATCHER_KMS_TLS_CA_FILE": str(Certificates(stranger).ca)}
    vault = await opened(backend, database, master_keys(monkeypatch, untrusting, tmp_path / "data"))

    with pytest.raises(VaultUnavailable, match="certificate verify failed"):
        await vault.seal(org_id, SECRET)

    assert await vault.list_keys() == []


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("azure", {"CLOUDWATCHER_KMS_AZURE_CLIENT_SECRET": "wr0ng-canary"}),
        ("gcp", {"CLOUDWATCHER_KMS_GCP_EMAIL": "wr0ng-canary@example.com"}),
        ("aws", {"CLOUDWATCHER_KMS_AWS_KEY": "arn:aws:kms:eu-west-1:123456789012:key/gone"}),
        ("kmip", {"CLOUDWATCHER_KMS_KMIP_KEY": "4711"}),
    ],
)
async def test_a_service_that_refuses_loses_nothing_and_tells_no_secret(
    backend: Backend, database: str, org_id: str, environments, monkeypatch, tmp_path, name: str, wrong: Environment
) -> None:
    sealed = await (await opened(backend, database, master_keys(monkeypatch, environments[name], tmp_path))).seal(
        org_id, SECRET
    )
    refused = await opened(backend, database, master_keys(monkeypatch, environments[name] | wrong, tmp_path))

    with pytest.raises(VaultUnavailable) as raised:
        await refused.seal(str(ObjectId()), SECRET)

    assert SECRET not in str(raised.value)
    assert "wr0ng-canary" not in str(raised.value)
    right = await opened(backend, database, master_keys(monkeypatch, environments[name], tmp_path))
    assert await right.open(sealed) == SECRET


async def test_the_identity_of_a_google_machine_is_used_when_no_account_is_named(
    backend: Backend, database: str, org_id: str, environments, google: GoogleKms, monkeypatch, tmp_path
) -> None:
    account = {"CLOUDWATCHER_KMS_GCP_EMAIL", "CLOUDWATCHER_KMS_GCP_PRIVATE_KEY"}
    machine = {name: value for name, value in environments["gcp"].items() if name not in account}
    google.calls.clear()

    with served(google, None) as metadata:
        monkeypatch.setenv("GCE_METADATA_HOST", metadata)
        vault = await opened(backend, database, master_keys(monkeypatch, machine, tmp_path))
        sealed = await vault.seal(org_id, SECRET)

        assert await vault.open(sealed) == SECRET
    assert "/token" not in google.calls
    assert any(call.startswith("/computeMetadata/") for call in google.calls)


async def test_a_service_is_asked_once_for_many_secrets(
    backend: Backend, database: str, org_id: str, environments, azure: AzureVault, monkeypatch, tmp_path
) -> None:
    vault = await opened(backend, database, master_keys(monkeypatch, environments["azure"], tmp_path))
    azure.calls.clear()

    sealed = [await vault.seal(org_id, SECRET) for _ in range(5)]
    assert [await vault.open(one) for one in sealed] == [SECRET] * 5

    operations = [call.rpartition("/")[2] for call in azure.calls if "/keys/" in call]
    assert operations == ["wrapkey", "unwrapkey"]


async def test_shredding_needs_no_key_service(
    backend: Backend, database: str, org_id: str, environments, monkeypatch, tmp_path
) -> None:
    vault = await opened(backend, database, master_keys(monkeypatch, environments["kmip"], tmp_path))
    sealed = await vault.seal(org_id, SECRET)
    own = await opened(backend, database, MasterKeys(local_master_key(secrets.token_bytes(96))))

    await own.shred(org_id)

    with pytest.raises(SecretLost):
        await vault.open(sealed)
