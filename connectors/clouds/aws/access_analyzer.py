"""IAM Access Analyzer: its analyzers, and what is open to outside or unused by their findings."""

from connectors.clouds.aws import fields
from connectors.reading.listing import Listing, at
from domain.facts.resource import ResourceKind

KIND = ResourceKind.AWS_ACCESS_ANALYZER

FINDINGS = Listing(
    # The newer call has the permission of the older one. Source: service authorization reference, IAM Access Analyzer.
    operation=fields.call("accessanalyzer.list_findings_v2", "access-analyzer:ListFindings", page_size=100),
    arguments=lambda place: {**fields.asks_parent(analyzerArn="arn")(place), "filter": {"status": {"eq": ["ACTIVE"]}}},
    items=at("findings"),
)
LISTINGS = (
    Listing(
        operation=fields.call("accessanalyzer.list_analyzers", "access-analyzer:ListAnalyzers"),
        items=at("analyzers"),
        kind=KIND,
        parse=fields.resource(KIND, "arn", name="name", created="createdAt"),
        children=(FINDINGS,),
        is_regional=True,
    ),
)
