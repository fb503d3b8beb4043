"""Addresses under which a file can be fetched for a while without signing in: signed, expiring, for one file."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from beanie import PydanticObjectId

from auth.signer import Signer

LIFETIME = timedelta(minutes=10)
PATH = "/downloads/"


@dataclass(frozen=True, slots=True)
class Download:
    """Which export of which organization, and who asked for the address (kind:id). `kind` is the type of the export."""

    kind: str
    export_id: str
    org_id: str
    actor: str


class Export(Protocol):
    """A document that has a file."""

    id: PydanticObjectId | None
    org_id: PydanticObjectId


def download_of(export: Export, actor: str) -> Download:
    """The download of an export by whoever asks for its address."""
    return Download(type(export).__name__, str(export.id), str(export.org_id), actor)


class DownloadLinks:
    """`public_url` is the address of this installation."""

    def __init__(self, key: bytes, public_url: str) -> None:
        self._signer = Signer(key, "file")
        self._public_url = public_url.rstrip("/")

    def make(self, download: Download, now: datetime) -> tuple[str, datetime]:
        """(address, until when it works)."""
        until = now.replace(microsecond=0) + LIFETIME
        parts = [download.kind, download.export_id, download.org_id, download.actor, int(until.timestamp())]
        return f"{self._public_url}{PATH}{self._signer.seal(json.dumps(parts).encode())}", until

    def open(self, token: str, now: datetime) -> Download | None:
        """What the last part of such an address stands for; None when it is made up or has expired."""
        sealed = self._signer.open(token)
        if sealed is None:
            return None
        kind, export_id, org_id, actor, until = json.loads(sealed)
        return Download(kind, export_id, org_id, actor) if now.timestamp() < until else None
