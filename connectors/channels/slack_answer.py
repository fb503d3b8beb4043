"""Answers to what somebody did in Slack: by the address that came with it, to them alone."""

from urllib.parse import urlsplit

import httpx2

from connectors.outside import client_options
from domain.errors import Rejected, Unavailable

SERVICE = "slack"
HOST = "hooks.slack.com"
LONGEST = 3000


async def answer_in_slack(url: str, text: str, *, allow_private: bool) -> None:
    """Say something to the person the address belongs to. It works for 30 minutes, five times.

    Raises Rejected for an address that is not Slack's (where `allow_private` is off) or does not work any more,
    Unavailable when Slack cannot be reached. Source: Slack, "Handling user interaction", response_url.
    """
    if not allow_private and not _is_slacks(url):
        raise Rejected("An answer may go to Slack alone.", service=SERVICE)
    body = {"response_type": "ephemeral", "replace_original": False, "text": escaped(text[:LONGEST])}
    try:
        async with httpx2.AsyncClient(**client_options(allow_private)) as http:
            reply = await http.post(url, json=body)
    except httpx2.InvalidURL as error:
        raise Rejected("The address for the answer is malformed.", service=SERVICE) from error
    except httpx2.HTTPError as error:
        raise Unavailable(f"Slack could not be reached: {type(error).__name__}", service=SERVICE) from error
    if reply.status_code >= httpx2.codes.INTERNAL_SERVER_ERROR:
        raise Unavailable(f"Slack failed ({reply.status_code}).", service=SERVICE)
    if not reply.is_success:
        raise Rejected(f"Slack does not take the answer ({reply.status_code}).", service=SERVICE)


def _is_slacks(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme == "https" and parts.hostname == HOST and parts.port in (None, 443)
    except ValueError:  # it is no address at all
        return False


def escaped(text: str) -> str:
    """The text as Slack shows it letter by letter: no link, no mention. Source: Slack, "Escaping text"."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
