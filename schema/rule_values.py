"""Registers the words of rules and their remedies for GraphQL."""

from domain.facts.finding import Risk
from domain.remediation.remedy import Reversible
from schema.values import register_enum

register_enum(
    Risk,
    "What mending may cost.",
    {
        Risk.LOW: "Nothing that is in use changes.",
        Risk.MEDIUM: "Something in use changes; in production somebody should look first.",
        Risk.HIGH: "Something may break or be lost; a second person should look first.",
    },
    name="RemedyRisk",
)
register_enum(
    Reversible,
    "Whether mending can be taken back.",
    {
        Reversible.YES: "Undoing restores what was there.",
        Reversible.PARTLY: "It works again, but something is lost.",
        Reversible.NO: "There is nothing to undo it with.",
    },
)
