"""What AWS takes for looking after a version past its standard support."""

from typing import Any

from domain.facts.resource import Resource
from domain.rules.list_price import usd
from domain.rules.rule import RuleContext


def support_saving(resource: Resource, context: RuleContext) -> dict[str, Any]:
    """The fields of an observation that saves what extended support is billed at; empty while that is not known."""
    billed = context.support_usd(resource.native_id)
    if billed is None:
        return {}
    saving = usd(billed)
    return {"estimated_monthly_saving": saving, "saving_formula": f"{saving.amount} USD bill of extended support"}
