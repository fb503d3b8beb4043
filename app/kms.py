"""Key services: where the master key lies when it is not our own. Settings, and what the driver is told of them."""

import re
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, Field, SecretStr, model_validator

from documents.master_key import MasterKey

# A host, and a port where it is not 443. The driver takes no host without a dot.
_HOST = r"^[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)+(:\d{1,5})?$"
AWS_KEY = re.compile(r"arn:aws[a-z-]*:kms:(?P<region>[a-z0-9-]+):\d{12}:(key|alias)/[\w/-]+")
AZURE_KEY = re.compile(r"(?P<name>[0-9a-zA-Z-]{1,127})/(?P<version>[0-9a-zA-Z]{1,64})")
GCP_KEY = re.compile(
    r"projects/(?P<projectId>[\w.:-]+)/locations/(?P<location>[\w-]+)/keyRings/(?P<keyRing>[\w-]+)"
    r"/cryptoKeys/(?P<keyName>[\w-]+)(/cryptoKeyVersions/(?P<keyVersion>\d+))?"
)


class KmsProvider(StrEnum):
    LOCAL = "local"
    AWS = "aws"
    AZURE = "azure"
    GCP = "gcp"
    KMIP = "kmip"


class KmsSettings(BaseModel):
    """The part of the settings about the master key; read by app/settings.py."""

    kms_provider: KmsProvider = Field(
        default=KmsProvider.LOCAL,
        description="What wraps the data keys: local (CLOUDWATCHER_MASTER_KEY), aws, azure, gcp or kmip.",
    )
    previous_master_key: SecretStr | None = Field(
        default=None,
        description="Another local master key, in base64, that data keys may be wrapped with while they are rewrapped.",
    )
    previous_kms_provider: KmsProvider | None = Field(
        default=None,
        description="Key service that data keys may be wrapped by while they are rewrapped; keep its settings too.",
    )
    kms_tls_ca_file: Path | None = Field(
        default=None,
        description="PEM file of the authorities that key services are checked against. Unset: the system's.",
    )
    kms_tls_client_file: Path | None = Field(
        default=None, description="PEM file with the certificate and key to show to a KMIP server."
    )
    kms_aws_key: str | None = Field(default=None, description="ARN of the AWS KMS key.")
    kms_aws_endpoint: str | None = Field(
        default=None, pattern=_HOST, description="host:port of AWS KMS where it is not the region's own."
    )
    kms_azure_vault: str | None = Field(
        default=None, pattern=_HOST, description="Host of the Azure key vault, such as example.vault.azure.net."
    )
    kms_azure_key: str | None = Field(default=None, description="Name and version of its key, as name/version.")
    kms_azure_tenant_id: str | None = Field(
        default=None, description="Entra tenant of the application below. Unset: the managed identity of the machine."
    )
    kms_azure_client_id: str | None = Field(default=None, description="Application that may wrap and unwrap.")
    kms_azure_client_secret: SecretStr | None = Field(default=None, description="Its secret.")
    kms_azure_login_endpoint: str | None = Field(
        default=None, pattern=_HOST, description="host:port of Entra where it is not login.microsoftonline.com."
    )
    kms_gcp_key: str | None = Field(
        default=None, description="Google Cloud KMS key: projects/…/locations/…/keyRings/…/cryptoKeys/…"
    )
    kms_gcp_endpoint: str | None = Field(
        default=None, pattern=_HOST, description="host:port of Cloud KMS where it is not cloudkms.googleapis.com."
    )
    kms_gcp_email: str | None = Field(
        default=None, description="Service account that may encrypt and decrypt. Unset: the machine's own."
    )
    kms_gcp_private_key: SecretStr | None = Field(default=None, description="Its private key, PKCS 8 in PEM.")
    kms_gcp_token_endpoint: str | None = Field(
        default=None, pattern=_HOST, description="host:port of the token service where it is not oauth2.googleapis.com."
    )
    kms_kmip_endpoint: str | None = Field(
        default=None, pattern=r"^.+:\d{1,5}$", description="host:port of the KMIP server."
    )
    kms_kmip_key: str | None = Field(
        default=None, description="Unique identifier of its key. Unset: the server makes one for every data key."
    )
    kms_kmip_delegated: bool = Field(
        default=True,
        description="Whether the KMIP server encrypts by itself. false: it hands its key out, for servers that cannot.",
    )

    @model_validator(mode="after")
    def _can_reach_its_keys(self) -> Self:
        if problems := list(self._kms_problems()):
            raise ValueError(" ".join(problems))
        return self

    def _kms_problems(self) -> list[str]:
        named = self._named_keys()
        files = {"TLS_CA": self.kms_tls_ca_file, "TLS_CLIENT": self.kms_tls_client_file}
        azure = {
            self.kms_azure_tenant_id is None,
            self.kms_azure_client_id is None,
            self.kms_azure_client_secret is None,
        }
        checks = {
            **{sentence: is_wrong for provider, sentence, is_wrong in named if provider is self.kms_provider},
            **{
                f"CLOUDWATCHER_KMS_{name}_FILE names {path}, which is not there: mend the path.": not path.is_file()
                for name, path in files.items()
                if path is not None
            },
            "Set CLOUDWATCHER_KMS_KMIP_ENDPOINT to host:port of the KMIP server.": self.kms_kmip_endpoint is None
            and KmsProvider.KMIP in (self.kms_provider, self.previous_kms_provider),
            "Set CLOUDWATCHER_PREVIOUS_MASTER_KEY for a local key, not CLOUDWATCHER_PREVIOUS_KMS_PROVIDER.": (
                self.previous_kms_provider is KmsProvider.LOCAL
            ),
            "Set CLOUDWATCHER_KMS_AZURE_TENANT_ID, _CLIENT_ID and _CLIENT_SECRET together, or none of them.": (
                len(azure) > 1
            ),
            "Set CLOUDWATCHER_KMS_GCP_EMAIL and CLOUDWATCHER_KMS_GCP_PRIVATE_KEY together, or neither.": (
                (self.kms_gcp_email is None) != (self.kms_gcp_private_key is None)
            ),
        }
        return [sentence for sentence, is_wrong in checks.items() if is_wrong]

    def _named_keys(self) -> list[tuple[KmsProvider, str, bool]]:
        """What each provider asks for: (provider, what to do, whether it has to be done)."""
        return [
            (
                KmsProvider.AWS,
                "Set CLOUDWATCHER_KMS_AWS_KEY to the key's ARN, like arn:aws:kms:eu-west-1:123456789012:key/….",
                AWS_KEY.fullmatch(self.kms_aws_key or "") is None,
            ),
            (
                KmsProvider.AZURE,
                "Set CLOUDWATCHER_KMS_AZURE_VAULT to the host of the key vault, like example.vault.azure.net.",
                self.kms_azure_vault is None,
            ),
            (
                KmsProvider.AZURE,
                "Set CLOUDWATCHER_KMS_AZURE_KEY to name/version: without the version nothing opens after a rotation.",
                AZURE_KEY.fullmatch(self.kms_azure_key or "") is None,
            ),
            (
                KmsProvider.GCP,
                "Set CLOUDWATCHER_KMS_GCP_KEY to projects/…/locations/…/keyRings/…/cryptoKeys/….",
                GCP_KEY.fullmatch(self.kms_gcp_key or "") is None,
            ),
        ]


def service_key(settings: KmsSettings, provider: KmsProvider) -> MasterKey:
    """The key of a key service. For the previous one only the access counts: which key it was stands in the vault."""
    return _MAKERS[provider](settings)


def _aws(settings: KmsSettings) -> MasterKey:
    # No access: the driver asks the AWS library, which knows the environment, profiles, containers and instances.
    found = AWS_KEY.fullmatch(settings.kms_aws_key or "")
    place = {} if found is None else {"region": found["region"], "key": found[0]}
    return _service("aws", settings, {**place, "endpoint": settings.kms_aws_endpoint}, {})


def _azure(settings: KmsSettings) -> MasterKey:
    found = AZURE_KEY.fullmatch(settings.kms_azure_key or "")
    place = {} if found is None else {"keyName": found["name"], "keyVersion": found["version"]}
    access = {
        "tenantId": settings.kms_azure_tenant_id,
        "clientId": settings.kms_azure_client_id,
        "clientSecret": _revealed(settings.kms_azure_client_secret),
        "identityPlatformEndpoint": settings.kms_azure_login_endpoint if settings.kms_azure_tenant_id else None,
    }
    return _service("azure", settings, {"keyVaultEndpoint": settings.kms_azure_vault, **place}, access)


def _gcp(settings: KmsSettings) -> MasterKey:
    found = GCP_KEY.fullmatch(settings.kms_gcp_key or "")
    place = {} if found is None else found.groupdict()
    pem = (_revealed(settings.kms_gcp_private_key) or "").replace("\\n", "\n")
    access = {
        "email": settings.kms_gcp_email,
        # The driver takes the bare base64 of the PKCS 8 structure.
        "privateKey": "".join(line.strip() for line in pem.splitlines() if not line.startswith("-----")),
        "endpoint": settings.kms_gcp_token_endpoint,
    }
    return _service(
        "gcp", settings, {**place, "endpoint": settings.kms_gcp_endpoint}, access if settings.kms_gcp_email else {}
    )


def _kmip(settings: KmsSettings) -> MasterKey:
    place = {
        "keyId": settings.kms_kmip_key,
        "endpoint": settings.kms_kmip_endpoint,
        "delegated": settings.kms_kmip_delegated or None,
    }
    return _service("kmip", settings, place, {"endpoint": settings.kms_kmip_endpoint})


_MAKERS: dict[KmsProvider, Callable[[KmsSettings], MasterKey]] = {
    KmsProvider.AWS: _aws,
    KmsProvider.AZURE: _azure,
    KmsProvider.GCP: _gcp,
    KmsProvider.KMIP: _kmip,
}


def _service(provider: str, settings: KmsSettings, place: dict[str, Any], access: dict[str, Any]) -> MasterKey:
    files = {"tlsCAFile": settings.kms_tls_ca_file}
    if provider == "kmip":
        files["tlsCertificateKeyFile"] = settings.kms_tls_client_file
    return MasterKey(
        provider=provider,
        place={name: value for name, value in place.items() if value is not None},
        access={name: value for name, value in access.items() if value is not None},
        tls={name: str(path) for name, path in files.items() if path is not None},
    )


def _revealed(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()
