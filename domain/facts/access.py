"""What credentials open in an account: which reads work, which do not, and what is gained by what is missing."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from domain.facts.resource_kind import ResourceKind


class Readability(StrEnum):
    """How one read was answered. NOT_TRIED: there was nothing to try it on, or no time."""

    READABLE = "READABLE"
    REFUSED = "REFUSED"
    PLAN = "PLAN"
    UNAVAILABLE = "UNAVAILABLE"
    NOT_TRIED = "NOT_TRIED"


class ReadNeed(BaseModel):
    """One read as its connector declares it: what it takes (`permissions`, `plan`) and what it is for.

    `kinds` are the resources it shows, `is_list` whether it lists them; else it tells more about them.
    """

    model_config = ConfigDict(frozen=True)

    operation: str
    service: str
    permissions: tuple[str, ...]
    plan: str | None = None
    kinds: tuple[ResourceKind, ...] = ()
    is_list: bool = False


class OperationAccess(BaseModel):
    """One read that was tried. `missing` are the permissions, or the plan, that it was refused for."""

    model_config = ConfigDict(frozen=True)

    operation: str = Field(description="The call, as the provider prints it.")
    state: Readability = Field(description="How it was answered.")
    missing: tuple[str, ...] = Field(default=(), description="The permissions, or the plan, that it was refused for.")
    reason: str | None = Field(default=None, description="What the provider said, and what to do.")
    kinds: tuple[ResourceKind, ...] = Field(default=(), description="The resources it shows.")


class ServiceAccess(BaseModel):
    """The reads of one service. `readable` counts those that work, `refused` those that want a permission or plan."""

    model_config = ConfigDict(frozen=True)

    service: str = Field(description="The service, as the provider prints it.")
    readable: int = Field(description="How many of its reads work.")
    refused: int = Field(description="How many a missing permission or plan hinders.")
    operations: tuple[OperationAccess, ...] = Field(description="Each read.")


class MissingAccess(BaseModel):
    """A permission or plan that would open more: the reads it is missing for, and what it would bring."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(description="The permission, scope, role or plan, as the provider prints it.")
    is_plan: bool = Field(description="Whether it is a plan or setting, which no permission replaces.")
    operations: tuple[str, ...] = Field(description="The reads it would open.")
    kinds: tuple[ResourceKind, ...] = Field(description="The resources it would show, or show more of.")
    rules: tuple[str, ...] = Field(description="Ids of the rules it would let judge.")


class AccessReport(BaseModel):
    """What credentials open. `native_id` and `name` are the account's, `principal` is whom they act as there.

    `is_whole` is False when time ran out before everything was tried.
    """

    model_config = ConfigDict(frozen=True)

    native_id: str = Field(description="The provider's own id of the account.")
    name: str = Field(description="What the provider calls the account.")
    principal: str = Field(description="Whom CloudWatcher acts as there.")
    checked_at: datetime = Field(description="When it was looked at.")
    is_whole: bool = Field(description="Whether there was time to try everything.")
    services: tuple[ServiceAccess, ...] = Field(description="What was tried, by service.")
    missing: tuple[MissingAccess, ...] = Field(description="What is missing, and what each would bring.")
