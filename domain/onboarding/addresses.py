"""Whether every address among somebody's credentials may be called."""

import json
from typing import TypeVar

from pydantic import BaseModel

from domain.endpoint import check_endpoint
from domain.errors import Invalid
from domain.facts.credentials import GcpCredentials

M = TypeVar("M", bound=BaseModel)
SUFFIX = "_url"
# Where Google gives tokens. Source: service account key files, field token_uri.
GOOGLE_TOKENS = ("https://oauth2.googleapis.com/token", "https://accounts.google.com/o/oauth2/token")


def checked_addresses(credentials: M, allow_private: bool) -> M:
    """The credentials with every address as it may be used. Fields that hold one are named `…_url`.

    Raises Invalid with the field's name for one that may not be called.
    """
    found = {name: getattr(credentials, name) for name in type(credentials).model_fields if name.endswith(SUFFIX)}
    checked = {name: _checked(name, url, allow_private) for name, url in found.items() if url is not None}
    if isinstance(credentials, GcpCredentials):
        _check_google_key(credentials.service_account_key.get_secret_value())
    return credentials.model_copy(update=checked)


def _checked(name: str, url: str, allow_private: bool) -> str:
    try:
        return check_endpoint(url, allow_private)
    except Invalid as error:
        raise Invalid(error.message, path=(name,)) from error


def _check_google_key(text: str) -> None:
    """A key file names the address its token is asked for at: only Google's own may stand there."""
    path = ("service_account_key",)
    try:
        key = json.loads(text)
    except ValueError:
        raise Invalid("The key is not JSON: give the whole file as Google Cloud made it.", path=path) from None
    if not isinstance(key, dict) or key.get("type") != "service_account":
        raise Invalid("This is no key of a service account: its type must be service_account.", path=path)
    missing = [name for name in ("client_email", "private_key") if not isinstance(key.get(name), str)]
    if missing:
        raise Invalid(f"The key lacks {' and '.join(missing)}: give the whole file.", path=path)
    if key.get("token_uri", GOOGLE_TOKENS[0]) not in GOOGLE_TOKENS:
        raise Invalid("The token_uri of the key is not Google's. Make a new key.", path=path)
