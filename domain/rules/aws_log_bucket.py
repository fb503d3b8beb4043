"""Which bucket takes the logs of a region, as its owner has said by a tag. No rules here."""

from domain.facts.resource import ResourceKind
from domain.rules.rule import RuleContext

# The value names what the bucket may take, parted by spaces: "flow-logs access-logs".
TAKES_TAG = "cloudwatcher-logs"
FLOW_LOGS, ACCESS_LOGS = "flow-logs", "access-logs"


def log_bucket(context: RuleContext, region: str | None, what: str) -> str | None:
    """The first bucket of the region, by name, whose tag says that it takes these logs."""
    buckets = [one for one in context.every(ResourceKind.AWS_S3_BUCKET) if one.region == region]
    return next((one.native_id for one in buckets if what in one.tags.get(TAKES_TAG, "").split()), None)
