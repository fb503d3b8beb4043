"""Groups of instances that grow and shrink, and the older form of the templates they start from."""

from connectors.clouds.aws import fields, hiding
from connectors.reading.listing import Listing, at
from domain.facts.resource import ResourceKind

PAGE_SIZE = 100
LISTINGS = (
    Listing(
        operation=fields.call(
            "autoscaling.describe_auto_scaling_groups", "autoscaling:DescribeAutoScalingGroups", page_size=PAGE_SIZE
        ),
        items=at("AutoScalingGroups"),
        kind=ResourceKind.AWS_AUTO_SCALING_GROUP,
        parse=fields.resource(
            ResourceKind.AWS_AUTO_SCALING_GROUP,
            "AutoScalingGroupARN",
            name="AutoScalingGroupName",
            created="CreatedTime",
        ),
        is_regional=True,
    ),
    Listing(
        operation=fields.call(
            "autoscaling.describe_launch_configurations",
            "autoscaling:DescribeLaunchConfigurations",
            hidden=hiding.without("UserData"),
            page_size=PAGE_SIZE,
        ),
        items=at("LaunchConfigurations"),
        kind=ResourceKind.AWS_LAUNCH_CONFIGURATION,
        parse=fields.resource(
            ResourceKind.AWS_LAUNCH_CONFIGURATION,
            "LaunchConfigurationARN",
            name="LaunchConfigurationName",
            created="CreatedTime",
        ),
        is_regional=True,
    ),
    # What bundles judge of groups.
    Listing(
        operation=fields.call("autoscaling.describe_policies", "autoscaling:DescribePolicies", page_size=PAGE_SIZE),
        items=at("ScalingPolicies"),
        is_regional=True,
    ),
    Listing(
        operation=fields.call(
            "autoscaling.describe_scheduled_actions", "autoscaling:DescribeScheduledActions", page_size=PAGE_SIZE
        ),
        items=at("ScheduledUpdateGroupActions"),
        is_regional=True,
    ),
)
