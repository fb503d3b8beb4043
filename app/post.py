"""The way out for mail: the mail server of the settings, or a folder in the data directory."""

from pathlib import Path

from app.settings import Settings
from connectors.channels.mail import MailFolder, SmtpPost
from connectors.channels.smtp_url import parse_smtp_url


def make_post(settings: Settings) -> SmtpPost | MailFolder:
    """Where this process hands mail in."""
    if settings.smtp_url is None:
        return MailFolder(mail_folder(settings), sender=settings.sender)
    return SmtpPost(parse_smtp_url(settings.smtp_url.get_secret_value()), sender=settings.sender)


def mail_folder(settings: Settings) -> Path:
    """Where mail is written while no server is set."""
    return settings.data_dir / "outbox-mail"
