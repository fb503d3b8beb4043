"""The catalogue of remediation rules, and what organizations choose for them."""

from collections.abc import Sequence
from typing import Annotated, Any

import strawberry
from bson import ObjectId

import documents
from auth.permission import Permission
from documents.rule_setting import change_rule_setting, changed_meanwhile, rule_setting, rule_settings
from documents.transaction import Transaction
from domain.errors import Invalid
from domain.facts.provider import Provider
from domain.remediation.remedy import Remedy
from domain.rules.registry import all_rules
from domain.rules.rule import NOTHING, Parameter, Rule, Setting
from domain.rules.setting import accepted
from resolvers.context import Info
from resolvers.fields import mutation, query
from resolvers.routing import WHAT
from schema.arguments import InOrganization
from schema.directives import Cost
from schema.remediation_rule import (
    RemediationRule,
    RemediationRuleFilter,
    RuleParameter,
    RuleParameterInput,
    RuleRemedy,
    RuleValue,
    SetRuleParametersInput,
    SetRuleParametersPayload,
)

ChosenRules = Annotated[RemediationRuleFilter | None, strawberry.argument(description="Which ones; all when left out.")]
AUDITED = {"parameters", "is_enabled", "version"}


@strawberry.type
class RemediationRuleQueries:
    @query(
        list[RemediationRule],
        may=Permission.FINDINGS_READ,
        directives=(Cost(list_size=180),),
        description="The rules by id, each with what the organization has chosen for it; empty where none matches.",
    )
    async def remediation_rules(
        self, info: Info, organization_id: InOrganization = None, filter: ChosenRules = None
    ) -> Any:
        settings = await rule_settings(ObjectId(info.context.organization(organization_id)))
        return [_shown(rule, settings.get(rule.id)) for rule in all_rules() if filter is None or _matches(rule, filter)]


@strawberry.type
class RemediationRuleMutations:
    @mutation(
        SetRuleParametersPayload,
        may=Permission.FINDINGS_MANAGE,
        audit="rule.set_parameters",
        description="Choose values of a rule's parameters, or switch it off or on. The next sync of each account "
        "judges by it.",
    )
    async def set_rule_parameters(
        self, info: Info, input: Annotated[SetRuleParametersInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, at = info.context, info.context.now()
        org_id = ObjectId(context.organization(input.organization_id))
        rule = next((rule for rule in all_rules() if rule.id == input.rule_id), None)
        if rule is None:
            raise Invalid(f"There is no such rule as {input.rule_id}.", path=("input", "ruleId"))
        chosen, by = _choices(rule, input.parameters), context.signed_in.actor

        async def change(tx: Transaction) -> RemediationRule:
            current = await rule_setting(org_id, rule.id, tx.session)
            if input.expected_version not in (None, current.version):
                raise changed_meanwhile()
            kept = {name: value for name, value in current.parameters.items() if name not in chosen}
            changes: dict[str, Any] = {"parameters": kept | _given(chosen)}
            if input.enabled is not None:
                changes["is_enabled"] = input.enabled
            changed = await change_rule_setting(tx, current, changes, by=by, at=at)
            before, after = (one.model_dump(mode="json", include=AUDITED) for one in (current, changed))
            tx.audit(org_id, target=f"rule:{rule.id}", before=before, after=after)
            return _shown(rule, changed)

        return await context.ports.writer.commit(change)


def _choices(rule: Rule, given: Sequence[RuleParameterInput]) -> dict[str, Setting | None]:
    """The chosen values by name, None for the default. Raises Invalid with the path of what is wrong."""
    known = {parameter.name: parameter for parameter in rule.parameters}
    chosen: dict[str, Setting | None] = {}
    for number, one in enumerate(given):
        path = ("input", "parameters", str(number))
        if one.name not in known:
            named = f"It has {', '.join(known)}." if known else "It has none."
            raise Invalid(f"{rule.id} has no parameter {one.name}. {named}", path=(*path, "name"))
        if one.name in chosen:
            raise Invalid(f"{one.name} is given twice.", path=(*path, "name"))
        chosen[one.name] = _chosen(known[one.name], one, path)
    return chosen


def _chosen(parameter: Parameter, given: RuleParameterInput, path: tuple[str, ...]) -> Setting | None:
    values = {name: value for name in ("number", "text", "texts") if (value := getattr(given, name)) is not None}
    if len(values) > 1:
        raise Invalid(f"{given.name} is given as {' and as '.join(values)}: give one of them.", path=path)
    for name, value in values.items():
        try:
            return accepted(parameter, value)
        except Invalid as error:
            raise Invalid(error.message, path=(*path, name)) from error
    return None


def _given(chosen: dict[str, Setting | None]) -> dict[str, Any]:
    """As it is stored: a list is what MongoDB has of a tuple."""
    given = {name: value for name, value in chosen.items() if value is not None}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in given.items()}


def _matches(rule: Rule, filter: RemediationRuleFilter) -> bool:
    return (
        filter.provider in (None, provider_of(rule))
        and filter.category in (None, rule.category)
        and filter.group in (None, rule.group)
    )


def provider_of(rule: Rule) -> Provider:
    """In whose accounts it looks: its id begins with the name."""
    return Provider(rule.id.partition("-")[0].upper())


def _shown(rule: Rule, setting: documents.RuleSetting | None) -> RemediationRule:
    chosen = NOTHING if setting is None else setting.chosen(rule)
    plain = ("title", "description", "category", "group", "severity", "risk", "source", "blind_spots")
    return RemediationRule(
        rule_id=rule.id,
        provider=provider_of(rule),
        **{name: getattr(rule, name) for name in plain},
        permissions=list(rule.permissions),
        parameters=[_parameter(one, chosen.get(one.name)) for one in rule.parameters],
        remedy=None if rule.remedy is None else _remedy(rule.remedy),
        manual=rule.manual or None,
        is_enabled=setting is None or setting.is_enabled,
        version=0 if setting is None else setting.version,
        changed_by=None if setting is None else setting.changed_by,
        changed_at=None if setting is None else setting.changed_at,
    )


def _remedy(remedy: Remedy) -> RuleRemedy:
    return RuleRemedy(
        says=remedy.says,
        reversible=remedy.reversible,
        loses=remedy.loses or None,
        permissions=list(remedy.permissions),
    )


def _parameter(parameter: Parameter, own: Setting | None) -> RuleParameter:
    is_number = isinstance(parameter.default, int)
    return RuleParameter(
        name=parameter.name,
        meaning=parameter.meaning,
        default=_value(parameter.default),
        own=None if own is None else _value(own),
        least=parameter.least if is_number else None,
        most=parameter.most if is_number else None,
    )


def _value(value: Setting) -> RuleValue:
    return RuleValue(
        number=value if isinstance(value, int) else None,
        text=value if isinstance(value, str) else None,
        texts=list(value) if isinstance(value, tuple) else None,
    )
