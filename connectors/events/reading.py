"""What every parser of events does alike: looks into JSON that may be anything, bounds it, and takes secrets out."""

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from domain.errors import Misshapen
from domain.facts.provider import Provider
from domain.facts.provider_event import EventKind, ProviderEvent

# Stands for "not said": whoever stored the message knows when it came.
UNDATED = datetime(1970, 1, 1, tzinfo=UTC)
LONGEST_NAME = 300
LONGEST_MESSAGE = 2000
# AWS Health and Security Hub name up to a hundred things; alerts need the first few.
MOST_RESOURCES = 50
# Events that reach us are bounded by SNS and Event Grid to 256 KB and 1 MB.
MOST_RAW_BYTES = 256 * 1024
DEEPEST = 40
HIDDEN = "REDACTED"

_SECRET_KEY = re.compile(
    r"passw(?:or)?d|passphrase|secret_?(?:access_?key|string|binary|value|text)|^secrets?$|client_?secret|"
    r"(?:session|access|refresh|id|auth|bearer|api|sas|security)_?token|^token$|private_?key|key_?material|api_?key|"
    r"^authorization$|^credentials?$|connection_?string|shared_?key",
    re.IGNORECASE,
)
_SECRET_VALUE = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY|\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_\w{20,}|\bxox[abposr]-[\w-]{10,}|"
    r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.|[?&]sig=[\w%]{20,}"
)


def mapping(value: Any) -> dict[str, Any]:
    """The value if it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: Any) -> list[Any]:
    """The value if it is a JSON list, else an empty one."""
    return value if isinstance(value, list) else []


def found(value: Any, *path: str) -> Any:
    """What stands at this path of objects; None where it ends early."""
    for key in path:
        value = mapping(value).get(key)
    return value


def text(value: Any) -> str | None:
    """A text or number as text; None for anything else and for nothing."""
    if isinstance(value, str):
        return value.strip() or None
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def texts(values: Iterable[Any]) -> tuple[str, ...]:
    """Those that are texts, each once, in their order."""
    return tuple(dict.fromkeys(known for value in values if (known := text(value)) is not None))


def moment(value: Any) -> datetime | None:
    """An instant of ISO 8601 in UTC; one without a zone is UTC, which is what all these providers write."""
    if not isinstance(value, str):
        return None
    try:
        read = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)


def whole(body: Any, provider: Provider) -> dict[str, Any]:
    """The body as an object. Raises Misshapen for anything else."""
    if not isinstance(body, dict):
        raise Misshapen("The event is not a JSON object.", service=provider.value.lower())
    return body


def needed(value: str | datetime | None, what: str, provider: Provider) -> Any:
    """The value. Raises Misshapen when it is not there."""
    if value is None:
        raise Misshapen(f"The event does not say {what}.", service=provider.value.lower())
    return value


def made(
    provider: Provider,
    kind: EventKind,
    *,
    raw: Any,
    id: str | None,
    name: str | None,
    source: str,
    at: datetime | None,
    resources: Iterable[Any] = (),
    cause: str | None = None,
    **fields: Any,
) -> ProviderEvent:
    """The event with everything bounded and no secret in `raw`. Without `at` it is UNDATED; without `id` it has "".

    Raises Misshapen when it has no name.
    """
    known = needed(name, "what happened", provider)
    cut = {key: _cut(value, LONGEST_MESSAGE if key == "message" else LONGEST_NAME) for key, value in fields.items()}
    named = [_cut(one, LONGEST_NAME * 2) for one in texts(resources)[:MOST_RESOURCES]]
    return ProviderEvent(
        provider=provider,
        kind=kind,
        id=_cut(id or "", LONGEST_NAME),
        name=_cut(known, LONGEST_NAME),
        source=_cut(source, LONGEST_NAME),
        at=at or UNDATED,
        resources=tuple(named),
        cause=None if cause is None else _cut(cause, LONGEST_NAME * 2),
        raw=_bounded(mapping(without_secrets(raw))),
        **cut,
    )


def without_secrets(value: Any, depth: int = 0) -> Any:
    """The JSON value with what looks like a secret, by its name or its form, replaced by a word."""
    if depth > DEEPEST:
        return None
    if isinstance(value, dict):
        return {key: _shown(key, inner, depth) for key, inner in value.items()}
    if isinstance(value, list):
        return [without_secrets(inner, depth + 1) for inner in value]
    if isinstance(value, str) and _SECRET_VALUE.search(value):
        return HIDDEN
    return value


def _shown(key: str, value: Any, depth: int) -> Any:
    # A flag such as "passwordResetRequired" is no secret.
    if _SECRET_KEY.search(key) and value is not None and not isinstance(value, bool):
        return HIDDEN
    return without_secrets(value, depth + 1)


def _bounded(raw: dict[str, Any]) -> dict[str, Any]:
    size = len(json.dumps(raw, ensure_ascii=False).encode(errors="surrogatepass"))
    return raw if size <= MOST_RAW_BYTES else {"left_out_bytes": size}


def _cut(value: Any, longest: int) -> Any:
    if not isinstance(value, str):
        return value
    # Half of a pair of surrogates is legal in JSON and cannot be stored.
    known = value[:longest].encode(errors="replace").decode()
    return known if len(value) <= longest else known[:-1] + "…"
