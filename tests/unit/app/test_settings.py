"""Which settings are accepted, and which are refused where they would be dangerous."""

import base64
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from app.settings import Settings

SAFE: dict[str, Any] = {
    "CLOUDWATCHER_ENVIRONMENT": "production",
    "MONGODB_URL": "mongodb://ada:s3cret-mongo@db.example.com/?replicaSet=rs0",
    "REDIS_URL": "redis://:s3cret-redis@cache.example.com/0",
    "CLOUDWATCHER_MASTER_KEY": base64.b64encode(b"k" * 96).decode(),
    "CLOUDWATCHER_SIGNING_KEY": "-----BEGIN PRIVATE KEY-----",
    "CLOUDWATCHER_PUBLIC_URL": "https://watch.example.com",
    "CLOUDWATCHER_SMTP_URL": "smtp://ada:s3cret-smtp@mail.example.com",
}


def read(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str | None]) -> Settings:
    for name, value in environment.items():
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    return Settings()


def test_everything_has_a_default_that_works_on_one_machine(monkeypatch):
    settings = read(monkeypatch, dict.fromkeys(SAFE))

    assert settings.mongodb_url is None
    assert settings.access_token_lifetime == timedelta(minutes=10)
    assert settings.private_endpoints_allowed


def test_safe_production_settings_are_accepted(monkeypatch):
    settings = read(monkeypatch, SAFE)

    assert settings.is_production
    assert not settings.private_endpoints_allowed


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"MONGODB_URL": None}, "MONGODB_URL"),
        ({"REDIS_URL": None}, "REDIS_URL"),
        ({"CLOUDWATCHER_MASTER_KEY": None}, "CLOUDWATCHER_MASTER_KEY"),
        ({"CLOUDWATCHER_SIGNING_KEY": None}, "CLOUDWATCHER_SIGNING_KEY"),
        ({"CLOUDWATCHER_PUBLIC_URL": "http://watch.example.com"}, "CLOUDWATCHER_PUBLIC_URL"),
        ({"CLOUDWATCHER_SMTP_URL": None}, "CLOUDWATCHER_SMTP_URL"),
        ({"CLOUDWATCHER_SMTP_URL": "smtp://mail.example.com?starttls=off"}, "must use TLS"),
        ({"CLOUDWATCHER_BCRYPT_ROUNDS": "11"}, "CLOUDWATCHER_BCRYPT_ROUNDS"),
        ({"CLOUDWATCHER_ALLOWED_ORIGINS": '["*"]'}, "CLOUDWATCHER_ALLOWED_ORIGINS"),
    ],
)
def test_production_refuses_what_is_unsafe_and_names_it(monkeypatch, change, named):
    with pytest.raises(ValidationError, match=named):
        read(monkeypatch, SAFE | change)


def test_production_needs_no_key_of_our_own_where_a_service_holds_it(monkeypatch):
    service = {
        "CLOUDWATCHER_MASTER_KEY": None,
        "CLOUDWATCHER_KMS_PROVIDER": "aws",
        "CLOUDWATCHER_KMS_AWS_KEY": "arn:aws:kms:eu-west-1:123456789012:key/1234abcd",
    }

    assert read(monkeypatch, SAFE | service).is_production


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "70000"),
        ("CLOUDWATCHER_LOG_LEVEL", "LOUD"),
        ("CLOUDWATCHER_MONGODB_DATABASE", "a.b"),
        ("CLOUDWATCHER_SMTP_URL", "http://mail.example.com"),
        ("CLOUDWATCHER_MAIL_FROM", "a@example.com\nBcc: b@example.com"),
    ],
)
def test_a_malformed_value_is_refused(monkeypatch, name, value):
    with pytest.raises(ValidationError):
        read(monkeypatch, {name: value})


def test_mail_comes_from_the_installation_unless_told_otherwise(monkeypatch):
    assert read(monkeypatch, SAFE).sender == "CloudWatcher <cloudwatcher@watch.example.com>"
    assert read(monkeypatch, {"CLOUDWATCHER_MAIL_FROM": "it@example.com"}).sender == "it@example.com"


def test_no_secret_is_shown_in_a_refusal_or_in_the_list(monkeypatch):
    settings = read(monkeypatch, SAFE)
    with pytest.raises(ValidationError) as refused:
        read(monkeypatch, SAFE | {"CLOUDWATCHER_PUBLIC_URL": "http://watch.example.com"})

    for text in (str(refused.value), str(settings.shown()), repr(settings)):
        for name in ("MONGODB_URL", "REDIS_URL", "CLOUDWATCHER_MASTER_KEY", "CLOUDWATCHER_SIGNING_KEY"):
            assert SAFE[name] not in text
