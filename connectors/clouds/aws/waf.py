"""Web access control lists of AWS WAF with their rules and logging, and whether there is Shield Advanced."""

from typing import Any

from connectors.clouds.aws import fields, hiding
from connectors.reading.listing import Detail, Item, Listing, Place, at, first
from domain.facts.resource import ResourceKind

KIND = ResourceKind.AWS_WEB_ACL
GONE = ("WAFNonexistentItemException",)
# What protects distributions of CloudFront lives there alone. Source: AWS WAF API reference, parameter Scope.
CLOUDFRONT_REGION = "us-east-1"
# What a rule looks for and what it adds to a request: secret headers are common ones.
HIDDEN = hiding.without("SearchString", "RegexString", "InsertHeaders")


def _identified(scope: str) -> Any:
    def arguments(acl: Item, _: Place) -> dict[str, str]:
        return {"Name": acl["Name"], "Id": acl["Id"], "Scope": scope}

    return arguments


def acls(scope: str, *, is_regional: bool, **options: Any) -> Listing:
    """Those of one scope, which is asked in its own place."""
    return Listing(
        operation=fields.call("wafv2.list_web_acls", "wafv2:ListWebACLs", **options),
        arguments=lambda _: {"Scope": scope},
        items=at("WebACLs"),
        kind=KIND,
        parse=fields.merged("WebACL", fields.resource(KIND, "ARN", name="Name", is_global=not is_regional)),
        details=(
            Detail(
                key="WebACL",
                operation=fields.call("wafv2.get_web_acl", "wafv2:GetWebACL", absent=GONE, hidden=HIDDEN, **options),
                arguments=_identified(scope),
                pick=first("WebACL"),
            ),
            Detail(
                key="LoggingConfiguration",
                operation=fields.call(
                    "wafv2.get_logging_configuration", "wafv2:GetLoggingConfiguration", absent=GONE, **options
                ),
                arguments=lambda acl, _: {"ResourceArn": acl["ARN"]},
                pick=first("LoggingConfiguration"),
            ),
        ),
        is_regional=is_regional,
    )


ACCOUNT_DETAILS = (
    Detail(
        key="ShieldSubscription",
        operation=fields.call(
            "shield.describe_subscription",
            "shield:DescribeSubscription",
            absent=("ResourceNotFoundException",),
            plan="Shield Advanced",
        ),
        arguments=lambda _, __: {},
        pick=first("Subscription"),
    ),
)
LISTINGS = (
    acls("REGIONAL", is_regional=True),
    acls("CLOUDFRONT", is_regional=False, region=CLOUDFRONT_REGION),
)
