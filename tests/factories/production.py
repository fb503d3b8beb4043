"""A backend with the settings of production, over the servers of the tests."""

from dataclasses import replace
from typing import Any

from app.settings import Environment
from app.wiring import Backend

PUBLIC_URL = "https://cloud.example"


def in_production(backend: Backend, **changes: Any) -> Backend:
    """The backend as the settings of production would have it; `changes` are settings too.

    Tokens are good for the public address they were issued for: make tenants with this backend.
    """
    chosen = {"environment": Environment.PRODUCTION, "public_url": PUBLIC_URL} | changes
    return replace(backend, settings=backend.settings.model_copy(update=chosen))
