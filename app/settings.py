"""All settings, read from the environment and nowhere else. Every one has a default that works on one machine."""

import os
from datetime import timedelta
from enum import StrEnum
from ipaddress import ip_network
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import AliasChoices, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.evidence import EvidenceSettings
from app.fetching import FetchSettings
from app.kms import KmsProvider, KmsSettings
from connectors.channels.smtp_url import parse_smtp_url
from domain.errors import Invalid


class Environment(StrEnum):
    DEVELOPMENT = "development"
    PRODUCTION = "production"


class Settings(FetchSettings, EvidenceSettings, KmsSettings, BaseSettings):
    """Names are upper case with the prefix CLOUDWATCHER_, but for MONGODB_URL, REDIS_URL and PORT."""

    model_config = SettingsConfigDict(env_prefix="CLOUDWATCHER_", extra="ignore", hide_input_in_errors=True)

    environment: Environment = Field(
        default=Environment.DEVELOPMENT, description="production refuses unsafe values and turns GraphiQL off."
    )
    data_dir: Path = Field(default=Path(".data"), description="Where embedded servers and key files live.")
    mongodb_url: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("MONGODB_URL", "CLOUDWATCHER_MONGODB_URL"),
        description="A MongoDB replica set or sharded cluster, 6.0 or newer. Unset: an embedded mongod is started.",
    )
    mongodb_database: str = Field(
        default="cloudwatcher", pattern=r"^[a-zA-Z0-9_-]{1,38}$", description="Database name."
    )
    redis_url: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("REDIS_URL", "CLOUDWATCHER_REDIS_URL"),
        description="A Redis-speaking server. Unset: an embedded Valkey is started.",
    )
    host: str = Field(default="127.0.0.1", description="Address the web process listens on.")
    port: int = Field(
        default=8000,
        ge=0,
        le=65535,
        validation_alias=AliasChoices("PORT", "CLOUDWATCHER_PORT"),
        description="Port the web process listens on.",
    )
    web_processes: int = Field(
        default=1, ge=1, le=64, description="Web processes that `cloudwatcher up` starts on that port."
    )
    public_url: str = Field(
        default="http://127.0.0.1:8000", description="Address under which browsers reach this installation."
    )
    trusted_proxies: list[str] = Field(
        default_factory=list,
        description="Networks of the proxies in front, as a JSON list; who calls is read from their X-Forwarded-For.",
    )
    allowed_origins: list[str] = Field(
        default_factory=list, description="Other web origins that may call the graph, as a JSON list."
    )
    master_key: SecretStr | None = Field(
        default=None,
        description="96 random bytes in base64 that protect stored secrets when CLOUDWATCHER_KMS_PROVIDER is local. "
        "Unset: made once in the data directory.",
    )
    signing_key: SecretStr | None = Field(
        default=None,
        description="Ed25519 private key in PEM that signs access tokens. Unset: made once in the data directory.",
    )
    previous_signing_keys: list[SecretStr] = Field(
        default_factory=list,
        description="Earlier signing keys, still accepted, as a JSON list. Keep one for an access token's life.",
    )
    audit_keys: list[SecretStr] = Field(
        default_factory=list,
        description="Keys of 32 random bytes in base64, as a JSON list: the first signs the audit log, the others have "
        "signed older parts of it. Unset: one that is derived from the master key.",
    )
    audit_mongodb_url: SecretStr | None = Field(
        default=None,
        description="MONGODB_URL with a user who may delete from the audit log, for the worker. Unset: as MONGODB_URL.",
    )
    access_token_lifetime: timedelta = Field(
        default=timedelta(minutes=10),
        ge=timedelta(minutes=1),
        le=timedelta(hours=24),
        description="How long an access token is valid, as ISO 8601: PT10M is ten minutes.",
    )
    allow_private_endpoints: bool | None = Field(
        default=None,
        description="Whether accounts may name endpoints in private networks. Unset: only in development.",
    )
    smtp_url: SecretStr | None = Field(
        default=None,
        description="Mail server, as smtp://user:password@host:587 or smtps://host. Unset: mail is written to files.",
    )
    mail_from: str | None = Field(
        default=None,
        pattern=r"^[^\r\n]{3,254}$",
        description="Sender of mail: an address, or Name <address>. Unset: cloudwatcher@ the public host.",
    )
    google_client_id: str | None = Field(default=None, description="Client id for signing in with Google.")
    google_client_secret: SecretStr | None = Field(default=None, description="Its secret.")
    google_issuer: str = Field(default="https://accounts.google.com", description="Google's issuer.")
    microsoft_client_id: str | None = Field(default=None, description="Client id for signing in with Microsoft Entra.")
    microsoft_client_secret: SecretStr | None = Field(default=None, description="Its secret.")
    microsoft_authority: str = Field(
        default="https://login.microsoftonline.com", description="Address of Entra; sovereign clouds have their own."
    )
    microsoft_tenant: str = Field(
        default="organizations",
        pattern=r"^(common|organizations|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$",
        description="Whose people may sign in: organizations for every tenant, common for personal accounts too, or "
        "the id of one tenant.",
    )
    github_client_id: str | None = Field(default=None, description="Client id for signing in with GitHub.")
    github_client_secret: SecretStr | None = Field(default=None, description="Its secret.")
    github_url: str = Field(default="https://github.com", description="Address of GitHub, or of GitHub Enterprise.")
    github_api_url: str = Field(
        default="https://api.github.com", description="Address of its API; for GitHub Enterprise Server …/api/v3."
    )
    program_redirects: list[str] = Field(
        default_factory=list,
        description="Where native programs may be handed sign-in codes besides loopback, as a JSON list of whole "
        "addresses, such as com.example.app:/signed-in.",
    )
    dns_servers: list[str] = Field(
        default_factory=list,
        description="Nameservers that are asked for the records which prove domains, as a JSON list of address or "
        "address:port. Unset: the system's.",
    )
    event_retention: timedelta = Field(
        default=timedelta(days=14), ge=timedelta(hours=1), description="How long the event log is kept for replay."
    )
    live_tick: timedelta = Field(
        default=timedelta(seconds=15),
        gt=timedelta(0),
        le=timedelta(minutes=5),
        description="How often live feeds look at the event log without having been woken.",
    )
    bcrypt_rounds: int = Field(default=12, ge=4, le=16, description="Work factor of password hashes.")
    free_attempts: int = Field(
        default=30,
        ge=1,
        description="Attempts to sign in that one address may fail before it must wait; more where many share one.",
    )
    max_subscriptions: int = Field(default=50, ge=1, le=1000, description="Open operations of one WebSocket at most.")
    max_connections_per_user: int = Field(default=100, ge=1, description="Open WebSockets of one user at most.")
    max_connections_per_organization: int = Field(
        default=2000,
        ge=1,
        description="Open WebSockets and event streams of one organization's people and machines to one web process.",
    )
    max_subscriptions_per_organization: int = Field(
        default=10_000, ge=1, description="Open subscriptions over WebSockets of the same to one web process at most."
    )
    max_connections_per_address: int = Field(
        default=1000, ge=1, description="Open connections of one address to one web process at most."
    )
    max_connections: int = Field(
        default=20_000, ge=1, description="Open connections of one web process at most; beyond them it answers 503."
    )
    cost_per_minute: int = Field(
        default=60_000, ge=100, description="Query cost each user may spend a minute on average."
    )
    cost_per_minute_signed_out: int = Field(
        default=30_000, ge=100, description="The same for all who are not signed in, of one address."
    )
    cost_per_minute_per_address: int = Field(
        default=600_000, ge=100, description="The same for all signed-in users of one address together."
    )
    events_per_minute: int = Field(
        default=18_000, ge=60, description="Requests with events each event endpoint takes a minute on average."
    )
    refused_events_per_minute: int = Field(
        default=600, ge=60, description="The same an address may have refused by one event endpoint."
    )
    key_authorities: dict[str, str] = Field(
        default_factory=dict,
        description="Stand-ins for where the keys that prove events are fetched, as a JSON object. Not in production.",
    )
    compiled_executor: bool = Field(
        default=True,
        description="Whether selections of plain attributes are compiled; answers are the same either way.",
    )
    log_json: bool = Field(default=False, description="Logs as JSON lines instead of text for people.")
    log_level: str = Field(default="INFO", pattern=r"^(DEBUG|INFO|WARNING|ERROR)$", description="How much is logged.")
    metrics_token: SecretStr | None = Field(
        default=None, description="Bearer token that /metrics asks for. Unset: /metrics answers loopback only."
    )
    worker_metrics_port: int | None = Field(
        default=None,
        ge=1,
        le=65535,
        description="Port on which the worker answers /metrics, for loopback only. Unset: it does not.",
    )
    otel_endpoint: str | None = Field(
        default=None,
        pattern=r"^https?://\S+$",
        description="Base address of an OpenTelemetry collector (OTLP over HTTP), such as http://127.0.0.1:4318, that "
        "traces go to. Needs the extra tracing. Unset: no traces.",
    )

    @field_validator("smtp_url")
    @classmethod
    def _names_a_server(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None:
            try:
                parse_smtp_url(url.get_secret_value())
            except Invalid as error:
                raise ValueError(error.message) from error
        return url

    @property
    def sender(self) -> str:
        return self.mail_from or f"CloudWatcher <cloudwatcher@{urlsplit(self.public_url).hostname}>"

    @property
    def is_production(self) -> bool:
        return self.environment is Environment.PRODUCTION

    @property
    def private_endpoints_allowed(self) -> bool:
        return not self.is_production if self.allow_private_endpoints is None else self.allow_private_endpoints

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, networks: list[str]) -> list[str]:
        for network in networks:
            ip_network(network, strict=False)
        return networks

    @model_validator(mode="after")
    def _safe_in_production(self) -> Self:
        if self.is_production and (problems := self._unsafe()):
            raise ValueError("not safe in production: " + " ".join(problems))
        return self

    def _unsafe(self) -> list[str]:
        checks = {
            "Set MONGODB_URL: the embedded server is for one machine and one person.": self.mongodb_url is None,
            "Set REDIS_URL: the embedded server is for one machine and one person.": self.redis_url is None,
            "Set CLOUDWATCHER_MASTER_KEY: a key file beside the data protects nothing.": self.master_key is None
            and self.kms_provider is KmsProvider.LOCAL,
            "Set CLOUDWATCHER_SIGNING_KEY: every process needs the same one.": self.signing_key is None,
            "Set CLOUDWATCHER_PUBLIC_URL to an https:// address: tokens must not travel in the open.": urlsplit(
                self.public_url
            ).scheme
            != "https",
            "Set CLOUDWATCHER_SMTP_URL: without mail nobody can confirm an address.": self.smtp_url is None,
            "CLOUDWATCHER_SMTP_URL must use TLS, unless the server is on this machine.": self.smtp_url is not None
            and not parse_smtp_url(self.smtp_url.get_secret_value()).is_protected,
            "CLOUDWATCHER_BCRYPT_ROUNDS must be 12 or more.": self.bcrypt_rounds < 12,
            "CLOUDWATCHER_ALLOWED_ORIGINS must not hold *.": "*" in self.allowed_origins,
            "CLOUDWATCHER_KEY_AUTHORITIES must not be set.": bool(self.key_authorities),
            "CLOUDWATCHER_TRUSTED_PROXIES must not hold everybody.": any(
                ip_network(each, strict=False).prefixlen == 0 for each in self.trusted_proxies
            ),
        }
        return [sentence for sentence, is_unsafe in checks.items() if is_unsafe]

    def shown(self) -> dict[str, str]:
        """Every setting as text, secrets as stars; for `doctor`."""
        return {name: _shown(getattr(self, name)) for name in type(self).model_fields}


def _shown(value: object) -> str:
    if isinstance(value, SecretStr):
        return "********"
    return "(not set)" if value is None else str(value)


def environment_for_children(settings: Settings) -> dict[str, str]:
    """The whole environment of a child process: ours, with the addresses and choices made here."""
    chosen: dict[str, object] = {
        "CLOUDWATCHER_DATA_DIR": settings.data_dir.resolve(),
        "CLOUDWATCHER_HOST": settings.host,
        "PORT": settings.port,
        "CLOUDWATCHER_WEB_PROCESSES": settings.web_processes,
        "CLOUDWATCHER_PUBLIC_URL": settings.public_url,
        "CLOUDWATCHER_ACCESS_TOKEN_LIFETIME": f"PT{int(settings.access_token_lifetime.total_seconds())}S",
        "MONGODB_URL": settings.mongodb_url and settings.mongodb_url.get_secret_value(),
        "REDIS_URL": settings.redis_url and settings.redis_url.get_secret_value(),
    }
    return {**os.environ, **{name: str(value) for name, value in chosen.items() if value is not None}}


def with_urls(settings: Settings, *, mongodb_url: str | None, redis_url: str | None) -> Settings:
    """The settings with the addresses of embedded servers filled in; None keeps what is set."""
    urls = (("mongodb_url", mongodb_url), ("redis_url", redis_url))
    return settings.model_copy(update={name: SecretStr(url) for name, url in urls if url is not None})
