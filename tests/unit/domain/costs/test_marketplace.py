"""What somebody else sells in a cloud's marketplace is told from what the cloud sells."""

import pytest

from domain.costs.marketplace import is_marketplace


@pytest.mark.parametrize(
    ("provider", "publisher", "is_other"),
    [
        ("AWS", "Amazon Web Services, Inc.", False),
        ("Amazon Web Services", "AWS", False),
        ("AWS", "Some Vendor GmbH", True),
        ("Microsoft", "Microsoft Corporation", False),
        ("Azure", "Some Vendor GmbH", True),
        ("Google Cloud", "Google", False),
        ("DigitalOcean", "DigitalOcean", False),
        ("AWS", None, False),
        ("AWS", "", False),
        ("Oracle", "Somebody", False),
    ],
)
def test_a_publisher_that_is_not_the_cloud_itself_sells_in_its_marketplace(provider, publisher, is_other):
    assert is_marketplace(provider, publisher) is is_other
