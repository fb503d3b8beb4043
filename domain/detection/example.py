"""Events for the examples of detectors, in the form in which the parsers give them."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from domain.detection.detector import DetectorContext, Example, Recollection
from domain.facts.provider import Provider
from domain.facts.provider_event import EventKind, ProviderEvent

# Examples happen at this moment, in this account.
AT = datetime(2026, 6, 15, 12, tzinfo=UTC)
OWN = "123456789012"
STRANGER = "999988887777"
# Of networks that are neither private nor set aside for documentation.
HOME, ABROAD = "52.95.110.1", "185.220.101.4"


def call(
    name: str,
    service: str = "iam",
    *,
    kind: str = "IAMUser",
    user: str = "ann",
    session: str = "session",
    request: dict[str, Any] | None = None,
    error: str | None = None,
    address: str = HOME,
    id: str = "event-1",
    resources: tuple[str, ...] = (),
    **record: Any,
) -> ProviderEvent:
    """A call in AWS by a user (IAMUser), as a role (AssumedRole, with a session), or by the root user (Root)."""
    arns = {
        "IAMUser": f"arn:aws:iam::{OWN}:user/{user}",
        "AssumedRole": f"arn:aws:iam::{OWN}:role/{user}",
        "Root": f"root of {OWN}",
    }
    arn = f"arn:aws:sts::{OWN}:assumed-role/{user}/{session}" if kind == "AssumedRole" else arns.get(kind)
    identity = {"type": kind, "userName": user, "arn": arn, "accountId": OWN, **record.pop("identity", {})}
    return ProviderEvent(
        provider=Provider.AWS,
        id=id,
        kind=EventKind.SIGN_IN if name == "ConsoleLogin" else EventKind.API_CALL,
        name=name,
        source=f"{service}.amazonaws.com",
        at=AT,
        account_native_id=OWN,
        region="us-east-1",
        principal=arns.get(kind),
        principal_kind=kind,
        resources=resources,
        address=address,
        error=error,
        raw={"eventName": name, "userIdentity": identity, "requestParameters": request, **record},
    )


def told(kind: EventKind, provider: Provider = Provider.AWS, **fields: Any) -> ProviderEvent:
    """Something a provider tells of by itself."""
    given = {"id": "event-1", "name": "something", "source": "somewhere", "at": AT, "account_native_id": OWN, **fields}
    return ProviderEvent(provider=provider, kind=kind, **given)


def fires(event: ProviderEvent, **context: Any) -> Example:
    """An example on which the detector fires; `context` takes the fields of DetectorContext."""
    return Example(event, is_firing=True, context=_context(context))


def quiet(event: ProviderEvent, **context: Any) -> Example:
    """An example on which the detector stays quiet."""
    return Example(event, is_firing=False, context=_context(context))


def remembered(marks: Iterable[str], since: datetime = AT) -> Recollection:
    """What earlier events have left."""
    return Recollection(before=frozenset(marks), since=since)


def _context(given: dict[str, Any]) -> DetectorContext:
    return DetectorContext(**{"accounts": frozenset({OWN}), **given})
