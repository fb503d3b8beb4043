"""Limits of the account in each region, for the services it grows in; and AWS's own audit reports."""

from connectors.clouds.aws import fields
from connectors.reading.listing import Listing, at

# The services whose limits stop a growing application first. Source: "AWS service quotas" of the general reference.
SERVICES = ("ec2", "vpc", "ebs", "elasticloadbalancing", "lambda", "rds")

LISTINGS = (
    Listing(
        operation=fields.call(
            "service-quotas.list_service_quotas",
            "servicequotas:ListServiceQuotas",
            absent=("NoSuchResourceException",),
            page_size=100,
        ),
        arguments=lambda _: [{"ServiceCode": service} for service in SERVICES],
        items=at("Quotas"),
        is_regional=True,
    ),
    Listing(
        operation=fields.call("artifact.list_reports", "artifact:ListReports", region="us-east-1"),
        items=at("reports"),
    ),
)
