"""The setup of every vendor, by level."""

from collections.abc import Callable, Sequence
from dataclasses import replace

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

READERS: dict[Provider, Callable[[Sequence[ReadNeed]], Setup]] = {
    Provider.AZURE: azure_setup,
    Provider.GCP: gcp_setup,
    Provider.DIGITALOCEAN: others.digitalocean_setup,
    Provider.GITHUB: others.github_setup,
    Provider.OKTA: others.okta_setup,
    Provider.JIRA: others.jira_setup,
    Provider.SLACK: others.slack_setup,
}


def setup_of(provider: Provider, needs: Sequence[ReadNeed], level: AccessLevel, external_id: str) -> Setup:
    """How to prepare an account: to be read, or to have every remediation of the vendor done in it.

    Raises Invalid where nothing can be mended.
    """
    rules = [rule for rule in all_rules() if rule.id.startswith(f"{provider.value.lower()}-")]
    if provider is Provider.AWS:
        return aws_setup(needs, rules, level, external_id)
    if level is AccessLevel.READ:
        return READERS[provider](needs)
    acting = [_acting(rule) for rule in rules if rule.remedy is not None]
    if not acting:
        raise Invalid(f"There is nothing that CloudWatcher changes in {provider.value}: ask for READ.", path=("level",))
    return replace(READERS[provider]([*needs, *acting]), level=level)


def _acting(rule: Rule) -> ReadNeed:
    permissions = () if rule.remedy is None else rule.remedy.permissions
    return ReadNeed(operation=rule.id, service="remediation", permissions=permissions, plan=None)
