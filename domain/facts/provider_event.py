"""What a provider told us of by itself: the one form that every parser gives and every detector reads."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from domain.facts.provider import Provider
from domain.facts.severity import Severity


class EventKind(StrEnum):
    """API_CALL is one row of a provider's audit log; THREAT and POLICY are judgements of its own services."""

    API_CALL = "API_CALL"
    SIGN_IN = "SIGN_IN"
    ALARM = "ALARM"
    THREAT = "THREAT"
    POLICY = "POLICY"
    BUDGET = "BUDGET"
    COST_ANOMALY = "COST_ANOMALY"
    HEALTH = "HEALTH"
    RESOURCE_CHANGE = "RESOURCE_CHANGE"
    CODE = "CODE"
    TICKET = "TICKET"
    OTHER = "OTHER"


class ProviderEvent(BaseModel):
    """One event. `name` is as the provider's documentation prints it (DeleteTrail, user.mfa.factor.deactivate).

    `source` is the service that tells (cloudtrail.amazonaws.com). `cause` names what it is about, so that a later event
    of the same cause with `is_over` ends it (an alarm's name, a GuardDuty finding's id); None for what merely happens.
    `principal` is who did it, `resources` are native ids, `address` is where it came from. `service` is the one it is
    about, where the provider names one alone, in the provider's words (ec2.amazonaws.com, Amazon EC2). `severity`,
    `title` and `message` are the provider's own, None where it has none. `error` is the code with which the call was
    refused. `raw` is the event as it came, without secrets.
    """

    model_config = ConfigDict(frozen=True)

    provider: Provider
    id: str
    kind: EventKind
    name: str
    source: str
    at: datetime
    account_native_id: str | None = None
    region: str | None = None
    principal: str | None = None
    principal_kind: str | None = None
    resources: tuple[str, ...] = ()
    address: str | None = None
    service: str | None = None
    severity: Severity | None = None
    title: str | None = None
    message: str | None = None
    cause: str | None = None
    is_over: bool = False
    error: str | None = None
    raw: dict[str, Any] = Field(default_factory=dict, repr=False)
