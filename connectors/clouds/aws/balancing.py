"""Load balancers with their listeners, targets and web filters."""

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.clouds.aws import fields, hiding, metrics
from connectors.reading.listing import Answer, Batch, Detail, Item, Listing, Place, at, first, joined
from domain.facts.resource import ResourceKind

PAGE_SIZE = 400
# Source: Elastic Load Balancing API reference, DescribeTags.
TAGS_AT_ONCE = 20
LOAD_BALANCER, TARGET_GROUP = ResourceKind.AWS_LOAD_BALANCER, ResourceKind.AWS_TARGET_GROUP


def _dimensions(item: Item, _: Place) -> Mapping[str, Mapping[str, str]]:
    """CloudWatch knows a load balancer by the end of its ARN: app/NAME/ID."""
    return {"": {"LoadBalancer": item["LoadBalancerArn"].partition("loadbalancer/")[2]}}


def _tags(field: str) -> Batch:
    def values(items: Sequence[Item], pages: Sequence[Answer]) -> list[Any]:
        by_arn = {one["ResourceArn"]: one["Tags"] for one in joined("TagDescriptions")(pages)}
        return [by_arn[item[field]] for item in items]

    return Batch(
        key="Tags",
        operation=fields.call("elbv2.describe_tags", "elasticloadbalancing:DescribeTags"),
        size=TAGS_AT_ONCE,
        arguments=lambda items, _: {"ResourceArns": [item[field] for item in items]},
        values=values,
    )


WEB_ACL = Detail(
    key="WebACL",
    operation=fields.call(
        "wafv2.get_web_acl_for_resource",
        "wafv2:GetWebACLForResource",
        absent=("WAFNonexistentItemException",),
        # AWS answers without any field where no filter is attached.
        may_be_empty=True,
    ),
    arguments=fields.asks(ResourceArn="LoadBalancerArn"),
    pick=first("WebACL"),
    applies=lambda item: item.get("Type") == "application",
)
ATTRIBUTES = Detail(
    key="Attributes",
    operation=fields.call(
        "elbv2.describe_load_balancer_attributes", "elasticloadbalancing:DescribeLoadBalancerAttributes"
    ),
    arguments=fields.asks(LoadBalancerArn="LoadBalancerArn"),
    pick=first("Attributes"),
)
TRAFFIC = (
    metrics.measured(
        "AWS/ApplicationELB",
        _dimensions,
        metrics.Metric("RequestCount", "Sum"),
        days=14,
        applies=lambda item: item.get("Type") == "application",
    ),
    metrics.measured(
        "AWS/NetworkELB",
        _dimensions,
        metrics.Metric("ProcessedBytes", "Sum"),
        days=14,
        applies=lambda item: item.get("Type") == "network",
    ),
)
LISTENERS = Listing(
    operation=fields.call(
        "elbv2.describe_listeners",
        "elasticloadbalancing:DescribeListeners",
        # Of the application by which people sign in.
        hidden=hiding.without("ClientSecret"),
        page_size=PAGE_SIZE,
    ),
    arguments=fields.asks_parent(LoadBalancerArn="LoadBalancerArn"),
    items=at("Listeners"),
    kind=ResourceKind.AWS_LISTENER,
    parse=fields.resource(ResourceKind.AWS_LISTENER, "ListenerArn", name="{Protocol} {Port}"),
)
LISTINGS = (
    Listing(
        operation=fields.call(
            "elbv2.describe_load_balancers", "elasticloadbalancing:DescribeLoadBalancers", page_size=PAGE_SIZE
        ),
        items=at("LoadBalancers"),
        kind=LOAD_BALANCER,
        parse=fields.resource(LOAD_BALANCER, "LoadBalancerArn", name="LoadBalancerName", created="CreatedTime"),
        details=(ATTRIBUTES, WEB_ACL),
        batches=(_tags("LoadBalancerArn"), *TRAFFIC),
        children=(LISTENERS,),
        is_regional=True,
    ),
    Listing(
        operation=fields.call(
            "elbv2.describe_target_groups", "elasticloadbalancing:DescribeTargetGroups", page_size=PAGE_SIZE
        ),
        items=at("TargetGroups"),
        kind=TARGET_GROUP,
        parse=fields.resource(TARGET_GROUP, "TargetGroupArn", name="TargetGroupName"),
        details=(
            Detail(
                key="TargetHealthDescriptions",
                operation=fields.call("elbv2.describe_target_health", "elasticloadbalancing:DescribeTargetHealth"),
                arguments=fields.asks(TargetGroupArn="TargetGroupArn"),
                pick=joined("TargetHealthDescriptions"),
            ),
        ),
        batches=(_tags("TargetGroupArn"),),
        is_regional=True,
    ),
)
