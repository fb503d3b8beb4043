"""The setup of every vendor, by level."""

from collections.abc import Callable, Collection, Sequence

from domain.errors import Invalid
from domain.facts.access import ReadNeed
from domain.facts.provider import Provider
from domain.rules.registry import all_rules
from domain.rules.rule import Rule
from domain.setup import others
from domain.setup.aws import aws_setup
from domain.setup.azure import azure_setup
from domain.setup.gcp import gcp_setup
from domain.setup.guide import Setup
from domain.setup.level import AccessLevel

READERS: dict[Provider, Callable[[Sequence[ReadNeed], AccessLevel], Setup]] = {
    Provider.AZURE: azure_setup,
    Provider.GCP: gcp_setup,
    Provider.DIGITALOCEAN: others.digitalocean_setup,
    Provider.GITHUB: others.github_setup,
    Provider.OKTA: others.okta_setup,
    Provider.JIRA: others.jira_setup,
    Provider.SLACK: others.slack_setup,
}


def setup_of(
    provider: Provider,
    needs: Sequence[ReadNeed],
    level: AccessLevel,
    external_id: str,
    rule_ids: Collection[str] | None = None,
) -> Setup:
    """How to prepare an account: to be read, or to have remediations made in it, all of the vendor's or these rules'.

    The first of `needs` is what signing in takes. Raises Invalid where nothing can be mended, and for rules that do
    not mend anything of the vendor.
    """
    rules = [rule for rule in all_rules() if rule.id.startswith(f"{provider.value.lower()}-")]
    if level is AccessLevel.ACT:
        rules = _chosen(provider, rules, rule_ids)
        needs = needs if rule_ids is None else needs[:1]
    elif rule_ids is not None:
        raise Invalid("Rules are chosen for what acts: ask for ACT.", path=("ruleIds",))
    if provider is Provider.AWS:
        return aws_setup(needs, rules, level, external_id)
    acting = [_acting(rule) for rule in rules] if level is AccessLevel.ACT else []
    return READERS[provider]([*needs, *acting], level)


def _chosen(provider: Provider, rules: Sequence[Rule], rule_ids: Collection[str] | None) -> list[Rule]:
    """Those whose fault is mended, in their order."""
    mended = {rule.id: rule for rule in rules if rule.remedy is not None}
    if not mended:
        raise Invalid(f"There is nothing that CloudWatcher changes in {provider.value}: ask for READ.", path=("level",))
    if rule_ids is None:
        return list(rules)
    if unknown := sorted(set(rule_ids) - set(mended)):
        message = f"These rules mend nothing of {provider.value}: {', '.join(unknown)}. remediationRules lists them."
        raise Invalid(message, path=("ruleIds",))
    return [rule for id, rule in mended.items() if id in rule_ids]


def _acting(rule: Rule) -> ReadNeed:
    """What a rule reads to look again, and what its remedy takes."""
    permissions = () if rule.remedy is None else rule.remedy.permissions
    return ReadNeed(operation=rule.id, service="remediation", permissions=(*rule.permissions, *permissions), plan=None)
