"""A web process set up as in production, over the servers of the tests."""

from dataclasses import replace
from typing import Any

from app.settings import Environment
from app.web import Web
from app.wiring import Backend

PUBLIC_URL = "https://cloud.example"


def production_web(backend: Backend, **changes: Any) -> Web:
    """As the settings of production make it; `changes` are settings too."""
    chosen = {"environment": Environment.PRODUCTION, "public_url": PUBLIC_URL} | changes
    # Tokens are issued for a public address; those of the tests are for the one of their settings.
    return Web(replace(backend, settings=backend.settings.model_copy(update=chosen)))
