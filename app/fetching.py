"""How bills are fetched: the part of the settings about that."""

from pathlib import Path

from pydantic import BaseModel, Field


class FetchSettings(BaseModel):
    """Read by app/settings.py."""

    cost_fetch_max_bytes: int = Field(
        default=5 * 1024**3, ge=1024**2, description="Bytes that are fetched of one month of one cost source at most."
    )
    cost_fetch_directory: Path | None = Field(
        default=None,
        description="Where fetched bills lie until they are loaded; needs room for the largest month. Unset: the "
        "system's directory for temporary files.",
    )
