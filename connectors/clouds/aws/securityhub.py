"""Security Hub, in each region where it is on."""

from connectors.clouds.aws import fields
from connectors.reading.listing import Listing
from domain.facts.resource import ResourceKind

KIND = ResourceKind.AWS_SECURITY_HUB
# By this AWS says that it is off, and that is a fact about the region and no gap.
# Source: "Troubleshooting" of the Security Hub user guide; the same code also answers accounts that are suspended.
NOT_ON = "InvalidAccessException: not subscribed"

LISTINGS = (
    Listing(
        operation=fields.call("securityhub.describe_hub", "securityhub:DescribeHub", absent=(NOT_ON,)),
        items=lambda answer: [answer],
        kind=KIND,
        parse=fields.resource(KIND, "HubArn", created="SubscribedAt"),
        is_regional=True,
    ),
)
