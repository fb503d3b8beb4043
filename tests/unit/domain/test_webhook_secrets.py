"""Both secrets of a webhook sign while its receiver changes over."""

from datetime import UTC, datetime, timedelta

from pydantic import SecretStr

from domain.facts.channel_settings import WebhookSettings

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
NEW, OLD = "n" * 43, "o" * 43


def settings(until: datetime | None, old: str | None = OLD) -> WebhookSettings:
    previous = None if old is None else SecretStr(old)
    return WebhookSettings(
        url="https://partner.example.com", secret=SecretStr(NEW), previous_secret=previous, previous_until=until
    )


def test_both_sign_until_the_overlap_is_over_the_newest_first() -> None:
    assert settings(NOW + timedelta(seconds=1)).secrets_at(NOW) == (NEW, OLD)
    assert settings(NOW).secrets_at(NOW) == (NEW,)
    assert settings(None).secrets_at(NOW) == (NEW,)
    assert settings(NOW + timedelta(days=1), old=None).secrets_at(NOW) == (NEW,)
