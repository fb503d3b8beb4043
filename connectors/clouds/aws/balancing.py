"""Load balancers with their listeners, targets and web filters."""

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.clouds.aws.fields import asks, asks_parent, call, resource
from connectors.clouds.aws.metrics import Metric, measured
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
        operation=call("elbv2.describe_tags", "elasticloadbalancing:DescribeTags"),
        size=TAGS_AT_ONCE,
        arguments=lambda items, _: {"ResourceArns": [item[field] for item in items]},
        values=values,
    )


WEB_ACL = Detail(
    key="WebACL",
    operation=call(
        "wafv2.get_web_acl_for_resource",
        "wafv2:GetWebACLForResource",
        absent=("WAFNonexistentItemException",),
        # AWS answers without any field where no filter is attached.
        may_be_empty=True,
    ),
    arguments=asks(ResourceArn="LoadBalancerArn"),
    pick=first("WebACL"),
    applies=lambda item: item.get("Type") == "application",
)
ATTRIBUTES = Detail(
    key="Attributes",
    operation=call("elbv2.describe_load_balancer_attributes", "elasticloadbalancing:DescribeLoadBalancerAttributes"),
    arguments=asks(LoadBalancerArn="LoadBalancerArn"),
    pick=first("Attributes"),
)
TRAFFIC = (
    measured(
        "AWS/ApplicationELB",
        _dimensions,
        Metric("RequestCount", "Sum"),
        days=14,
        applies=lambda item: item.get("Type") == "application",
    ),
    measured(
        "AWS/NetworkELB",
        _dimensions,
        Metric("ProcessedBytes", "Sum"),
        days=14,
        applies=lambda item: item.get("Type") == "network",
    ),
)
LISTENERS = Listing(
    operation=call("elbv2.describe_listeners", "elasticloadbalancing:DescribeListeners", page_size=PAGE_SIZE),
    arguments=asks_parent(LoadBalancerArn="LoadBalancerArn"),
    items=at("Listeners"),
    kind=ResourceKind.AWS_LISTENER,
    parse=resource(ResourceKind.AWS_LISTENER, "ListenerArn", name="{Protocol} {Port}"),
)
LISTINGS = (
    Listing(
        operation=call(
            "elbv2.describe_load_balancers", "elasticloadbalancing:DescribeLoadBalancers", page_size=PAGE_SIZE
        ),
        items=at("LoadBalancers"),
        kind=LOAD_BALANCER,
        parse=resource(LOAD_BALANCER, "LoadBalancerArn", name="LoadBalancerName", created="CreatedTime"),
        details=(ATTRIBUTES, WEB_ACL),
        batches=(_tags("LoadBalancerArn"), *TRAFFIC),
        children=(LISTENERS,),
        is_regional=True,
    ),
    Listing(
        operation=call(
            "elbv2.describe_target_groups", "elasticloadbalancing:DescribeTargetGroups", page_size=PAGE_SIZE
        ),
        items=at("TargetGroups"),
        kind=TARGET_GROUP,
        parse=resource(TARGET_GROUP, "TargetGroupArn", name="TargetGroupName"),
        details=(
            Detail(
                key="TargetHealthDescriptions",
                operation=call("elbv2.describe_target_health", "elasticloadbalancing:DescribeTargetHealth"),
                arguments=asks(TargetGroupArn="TargetGroupArn"),
                pick=joined("TargetHealthDescriptions"),
            ),
        ),
        batches=(_tags("TargetGroupArn"),),
        is_regional=True,
    ),
)
