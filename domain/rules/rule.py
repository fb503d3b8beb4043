"""What a rule is: a pure check over one resource, with everything a reader needs to trust or tune it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from domain.facts.finding import FindingCategory, Risk
from domain.facts.money import Money
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import Remedy

NOTHING: Mapping[Any, Any] = MappingProxyType({})


def everything_is_listed(_: ResourceKind, __: str | None) -> bool:
    """Says of every kind and region that its list is whole."""
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleContext:
    """What a check may know beside its resource. Times are aware UTC; the mappings go by native id.

    `parameters` holds every parameter of the rule by name. `resources` are all resources of the account, by kind and
    native id. `bills` is the present monthly cost of a resource; absent means it is not known. `support_bills` is the
    part of it that is taken for the extended support of an old version; absent means none or not known. `changed_at`
    says when CloudWatcher saw a resource take its present configuration; absent means it has never seen it otherwise.
    `is_listed` says whether all resources of a kind in a region were seen: a check that fires because there is none
    asks it first.
    """

    now: datetime
    parameters: Mapping[str, Any] = field(default_factory=dict)
    resources: Mapping[tuple[ResourceKind, str], Resource] = field(default_factory=dict)
    bills: Mapping[str, Money] = field(default_factory=dict)
    support_bills: Mapping[str, Money] = field(default_factory=dict)
    changed_at: Mapping[str, datetime] = field(default_factory=dict)
    is_listed: Callable[[ResourceKind, str | None], bool] = everything_is_listed
    # Of a kind, once it was asked for: rules ask for each resource they judge.
    _kept: dict[ResourceKind, list[Resource]] = field(init=False, repr=False, compare=False, default_factory=dict)

    def find(self, kind: ResourceKind, native_id: str) -> Resource | None:
        return self.resources.get((kind, native_id))

    def every(self, kind: ResourceKind) -> list[Resource]:
        """All resources of a kind, which the rule has to name in `also_reads`; sorted, so that plans stay the same."""
        if kind not in self._kept:
            self._kept[kind] = [self.resources[key] for key in sorted(key for key in self.resources if key[0] is kind)]
        return self._kept[kind]

    def days(self, parameter: str) -> timedelta:
        """A parameter that counts days, as a duration."""
        return timedelta(days=self.parameters[parameter])

    def billed_usd(self, native_id: str) -> Decimal | None:
        """The monthly cost in US dollars; None when unknown or billed in another currency (list prices are dollars)."""
        return _usd(self.bills.get(native_id))

    def support_usd(self, native_id: str) -> Decimal | None:
        """The same of what is taken for extended support."""
        return _usd(self.support_bills.get(native_id))


def _usd(bill: Money | None) -> Decimal | None:
    return bill.amount if bill is not None and bill.currency == "USD" else None


class Observation(BaseModel):
    """Why a rule fires: `reason` is one sentence in the customer's words, `observed` the values it rests on.

    `estimated_monthly_saving` is what fixing it saves, never below zero; `saving_formula` writes out its arithmetic.
    Both are None where nothing is saved or no price is known.
    """

    model_config = ConfigDict(frozen=True)

    reason: str
    observed: dict[str, Any]
    estimated_monthly_saving: Money | None = None
    saving_formula: str | None = None


Setting = int | str | tuple[str, ...]


class Parameter(BaseModel):
    """A number, a text or a list of texts that a tenant may change. `least` and `most` bound a number; a text matches
    the regular expression `pattern`, where one is given, as its default does.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    default: Setting
    meaning: str
    least: int = 0
    most: int = 1_000_000
    pattern: str = ""


@dataclass(frozen=True, slots=True)
class Example:
    """A resource with its surroundings and whether the rule fires on it."""

    resource: Resource
    is_firing: bool
    context: RuleContext


Check = Callable[[Resource, RuleContext], Observation | None]

# Examples are told as of this moment.
EXAMPLE_NOW = datetime.fromisoformat("2026-06-15T12:00:00+00:00")


def fires(resource: Resource, *related: Resource, **context: Any) -> Example:
    """An example on which the rule fires; `context` takes the fields of RuleContext, parameters at their defaults."""
    return _example(resource, related, context, is_firing=True)


def quiet(resource: Resource, *related: Resource, **context: Any) -> Example:
    """An example on which the rule stays quiet."""
    return _example(resource, related, context, is_firing=False)


def _example(resource: Resource, related: tuple[Resource, ...], context: dict[str, Any], is_firing: bool) -> Example:
    everything = {(one.kind, one.native_id): one for one in (resource, *related)}
    given = RuleContext(**{"now": EXAMPLE_NOW, "resources": everything, **context})
    return Example(resource=resource, is_firing=is_firing, context=given)


class Rule(BaseModel):
    """One fault to look for. `id` is `<provider>-<service>-<what_is_wrong>` and never changes once published.

    `permissions` are what the read role needs. `needs` are keys of the resource's `config` without which silence proves
    nothing (a check may still fire on what is there); `may_need` are those that only some resources have: silence
    proves nothing where one could not be read. `also_reads` are the kinds the check looks at beside its resource, whose
    lists must be whole for the same reason. `source` names the standard or price page behind the rule, `blind_spots`
    what it cannot see. `group` is what the catalogue sorts it by. Either `remedy` mends the fault, or `manual` says
    what a person has to do.
    """

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    id: str = Field(pattern=r"^(aws|azure|gcp|digitalocean|github|okta)(-[a-z0-9]+){2,}$")
    title: str = Field(min_length=1, max_length=100)
    description: str = Field(min_length=1)
    category: FindingCategory
    severity: Severity
    risk: Risk
    applies_to: ResourceKind
    permissions: tuple[str, ...] = Field(min_length=1)
    source: str = Field(min_length=1)
    blind_spots: str = Field(min_length=1)
    check: Check
    examples: tuple[Example, ...]
    parameters: tuple[Parameter, ...] = ()
    needs: tuple[str, ...] = ()
    may_need: tuple[str, ...] = ()
    also_reads: tuple[ResourceKind, ...] = ()
    group: str = ""
    remedy: Remedy | None = None
    manual: str = ""

    @model_validator(mode="after")
    def _shows_both_sides(self) -> Self:
        if {example.is_firing for example in self.examples} != {True, False}:
            raise ValueError(f"{self.id} needs at least one example that fires and one that stays quiet")
        return self

    def settings(self, chosen: Mapping[str, Setting] = NOTHING) -> dict[str, Setting]:
        """Every parameter by name: the tenant's choice where there is one, else the default."""
        return {parameter.name: chosen.get(parameter.name, parameter.default) for parameter in self.parameters}
