from connectors.clouds.aws import registration
from domain.facts.resource import ResourceKind
from jobs.account_reading import coverage_of

WEB_ACL, ROLE = ResourceKind.AWS_WEB_ACL, ResourceKind.AWS_IAM_ROLE


def test_what_lies_in_a_region_that_is_not_read_any_more_is_not_taken_for_gone():
    """Web filters are listed for the whole account (CloudFront's) and in each region (all others)."""
    listings = registration.REGISTRATION.listings
    complete = {(WEB_ACL, None), (WEB_ACL, "us-east-1"), (ROLE, None)}

    coverage = coverage_of(listings, listings, complete, ())

    assert not coverage.is_listed(WEB_ACL, "eu-west-1")
    assert coverage.is_listed(WEB_ACL, "us-east-1")
    assert coverage.is_listed(WEB_ACL, None)
    assert coverage.is_listed(ROLE, None)
