"""What a sync has listed in whole, by kind and region."""

import pytest

from domain.facts.inventory import Coverage
from domain.facts.resource import ResourceKind
from tests.factories.aws import gap

VOLUME, BUCKET = ResourceKind.AWS_EBS_VOLUME, ResourceKind.AWS_S3_BUCKET


@pytest.mark.parametrize(
    ("coverage", "region", "is_listed"),
    [
        (Coverage({(VOLUME, "us-east-1")}), "us-east-1", True),
        (Coverage({(VOLUME, "us-east-1")}), "eu-west-1", False),
        (Coverage({(VOLUME, None)}), "us-east-1", True),
        (Coverage({(VOLUME, "us-east-1")}), None, False),
        # Firewalls of the whole account and of each region are one kind; eu-west-1 is not read any more.
        (Coverage({(VOLUME, None), (VOLUME, "us-east-1")}, regional={VOLUME}), "eu-west-1", False),
        (Coverage({(VOLUME, None), (VOLUME, "us-east-1")}, regional={VOLUME}), "us-east-1", True),
        (Coverage({(VOLUME, None), (VOLUME, "us-east-1")}, regional={VOLUME}), None, True),
        (Coverage({(BUCKET, None)}), "us-east-1", False),
        (Coverage({(VOLUME, None)}, (gap(VOLUME, region="us-east-1"),)), "us-east-1", False),
        (Coverage({(VOLUME, None)}, (gap(VOLUME, region="us-east-1"),)), "eu-west-1", True),
        (Coverage({(VOLUME, "us-east-1")}, (gap(VOLUME),)), "us-east-1", False),
        (Coverage({(VOLUME, "us-east-1")}, (gap(BUCKET), gap())), "us-east-1", True),
    ],
)
def test_a_kind_is_listed_where_its_list_was_read_and_no_gap_hides_it(coverage, region, is_listed):
    assert coverage.is_listed(VOLUME, region) is is_listed
