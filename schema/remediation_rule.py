"""The catalogue of remediation rules, and what an organization has chosen for each."""

from datetime import datetime
from typing import Annotated

import strawberry
from pydantic import BaseModel, Field

from domain.facts.finding import FindingCategory, Risk
from domain.facts.provider import Provider
from domain.facts.severity import Severity
from domain.remediation.remedy import Reversible
from domain.rules.setting import LONGEST_TEXT, MOST_TEXTS
from schema import rule_values as rule_values
from schema.directives import Cost
from schema.errors import payload
from schema.node import said
from schema.organization import IDEMPOTENCY_KEY
from schema.routing import ORGANIZATION

Text = Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT)]


@strawberry.type(description="A value of a parameter: that of the three which is of its kind, the others are null.")
class RuleValue:
    number: int | None = said("The number.")
    text: str | None = said("The text.")
    texts: list[str] | None = said("The texts, in their order.", directives=(Cost(list_size=5),))


@strawberry.type(description="Something about a rule that an organization may change.")
class RuleParameter:
    name: str = said("Its name.")
    meaning: str = said("What it does.")
    default: RuleValue = said("Its value as long as nothing is chosen.")
    own: RuleValue | None = said("The organization's own value; null where nothing is chosen.")
    least: int | None = said("The least number it takes; null for texts.")
    most: int | None = said("The greatest number it takes; null for texts.")


@strawberry.type(description="What mends a fault by itself, once it is asked to.")
class RuleRemedy:
    says: str = said("What it does, in a sentence.")
    reversible: Reversible = said("Whether it can be taken back.")
    loses: str | None = said("What undoing does not bring back; null where everything comes back.")
    permissions: list[str] = said("What it needs beyond what reading needs.", directives=(Cost(list_size=5),))


@strawberry.type(description="A fault that is looked for in every account of a provider.")
class RemediationRule:
    rule_id: str = said("Its id, such as aws-ebs-unattached, as findings have it.")
    title: str = said("What is wrong, in general.")
    description: str = said("What it looks for and why.")
    provider: Provider = said("In whose accounts it looks.")
    category: FindingCategory = said("Whether it is about money or safety.")
    group: str = said("What the catalogue sorts it by; empty where it has no group.")
    severity: Severity = said("How bad what it finds is.")
    risk: Risk = said("What mending may cost.")
    source: str = said("The standard or price page it stands on.")
    blind_spots: str = said("What it cannot see.")
    permissions: list[str] = said("What the read role needs for it.", directives=(Cost(list_size=5),))
    parameters: list[RuleParameter] = said("What may be changed about it.", directives=(Cost(list_size=3),))
    remedy: RuleRemedy | None = said("What mends it by itself; null where a person has to.")
    manual: str | None = said("What a person has to do; null where there is a remedy, or nothing is said.")
    is_enabled: bool = said("Whether the organization has it switched on, as it is at first.")
    version: int = said(
        "Rises with every change of the organization's; 0 before the first. Pass it as expectedVersion."
    )
    changed_by: str | None = said("Who changed it last, as kind:id like in the audit log; null while nobody has.")
    changed_at: datetime | None = said("When that was.")


@strawberry.pydantic.input(description="Which rules; every field that is given must match.")
class RemediationRuleFilter(BaseModel):
    provider: Provider | None = Field(default=None, description="That look in accounts of this provider only.")
    category: FindingCategory | None = Field(default=None, description="Of this category only.")
    group: str | None = Field(default=None, max_length=100, description="Of this group only, as the rules print it.")


@strawberry.pydantic.input(
    description="A parameter and its value: the one of its kind. Without any it goes back to its default."
)
class RuleParameterInput(BaseModel):
    name: str = Field(min_length=1, max_length=100, description="Its name, as remediationRules lists it.")
    number: int | None = Field(default=None, description="A number.")
    text: str | None = Field(default=None, max_length=LONGEST_TEXT, description="A text.")
    texts: list[Text] | None = Field(default=None, max_length=MOST_TEXTS, description="Texts.")


@strawberry.pydantic.input(description="What an organization chooses for a rule; what is left out stays as it is.")
class SetRuleParametersInput(BaseModel):
    organization_id: strawberry.ID | None = ORGANIZATION
    rule_id: str = Field(min_length=1, max_length=200, description="The rule, such as aws-ebs-unattached.")
    parameters: list[RuleParameterInput] = Field(default=[], max_length=20, description="Each parameter at most once.")
    enabled: bool | None = Field(
        default=None,
        description="Whether the rule is on. What a rule has found that is off is resolved as EXEMPTED at the next "
        "sync; once it is on again, the sync after that opens what is still wrong.",
    )
    expected_version: int | None = Field(
        default=None, ge=0, description="The version you worked from; any when left out."
    )
    idempotency_key: str | None = IDEMPOTENCY_KEY


SetRuleParametersPayload = payload(
    "SetRuleParameters", "rule", RemediationRule, "The rule as the organization has it from the next sync on."
)
