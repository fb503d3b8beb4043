"""Amazon Macie: whether it looks for personal data in each region, and where it found some."""

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.clouds.aws import fields
from connectors.reading.listing import Answer, Batch, Detail, Item, Listing, Place, at, joined
from domain.facts.resource import Resource, ResourceKind

KIND = ResourceKind.AWS_MACIE
PLAN = "Amazon Macie switched on in the region"
# The code is that of a missing permission. Source: what GetMacieSession answers where Macie was never on.
NOT_ON = "AccessDeniedException: Macie is not enabled"
# The most that GetFindings takes. Source: Macie API reference, GetFindings.
FINDINGS_AT_ONCE = 50


def parse_session(item: Item, details: Mapping[str, Any], place: Place) -> Resource:
    """Macie in a region. Source: Macie GetMacieSession, GetAutomatedDiscoveryConfiguration."""
    where = {"Account": place.account_id, "Region": place.region}
    return fields.resource(KIND, "{Account}/{Region}", name="Macie in {Region}", created="createdAt")(
        {**item, **where}, details, place
    )


def in_order(ids: Sequence[Item], pages: Sequence[Answer]) -> list[Any]:
    """The findings of these ids; None for one that is gone."""
    by_id = {one["id"]: one for one in joined("findings")(pages)}
    return [by_id.get(one) for one in ids]


FINDINGS = Listing(
    operation=fields.call("macie2.list_findings", "macie2:ListFindings", off=(NOT_ON,), plan=PLAN),
    arguments=lambda _: {"findingCriteria": {"criterion": {"archived": {"eq": ["false"]}}}},
    items=at("findingIds"),
    batches=(
        Batch(
            key="Finding",
            operation=fields.call("macie2.get_findings", "macie2:GetFindings", off=(NOT_ON,), plan=PLAN),
            size=FINDINGS_AT_ONCE,
            arguments=lambda ids, _: {"findingIds": list(ids)},
            values=in_order,
        ),
    ),
    applies=lambda place: place.parent.get("status") == "ENABLED",
)
LISTINGS = (
    Listing(
        operation=fields.call("macie2.get_macie_session", "macie2:GetMacieSession", off=(NOT_ON,), plan=PLAN),
        items=lambda answer: [answer],
        kind=KIND,
        parse=parse_session,
        details=(
            Detail(
                key="AutomatedDiscovery",
                operation=fields.call(
                    "macie2.get_automated_discovery_configuration",
                    "macie2:GetAutomatedDiscoveryConfiguration",
                    off=(NOT_ON,),
                    plan=PLAN,
                ),
                arguments=lambda _, __: {},
            ),
        ),
        children=(FINDINGS,),
        is_regional=True,
    ),
)
