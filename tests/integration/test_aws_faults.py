"""Each operation of AWS in turn is refused, throttled, broken, garbled and cut short, over the wire."""

from collections.abc import Iterator

import pytest

from connectors.clouds.aws import registration
from connectors.reading.listing import Operation
from tests.factories.aws_account import fill_everything
from tests.fakes.aws import Moto
from tests.fakes.aws_harm import check_every_fault, leading_to

# What the account of these tests has something of.
SERVICES = {
    *("acm", "apigateway", "autoscaling", "backup", "cloudfront", "cloudwatch", "dynamodb", "ec2", "ecr", "efs"),
    *("eks", "elasticache", "elbv2", "lambda", "opensearch", "rds", "redshift", "resourcegroupstaggingapi"),
    *("route53", "s3", "s3control", "ssm", "sts", "cloudtrail"),
}
EXERCISED = [one for one in registration.REGISTRATION.operations if one.service in SERVICES and leading_to(one.name)]


@pytest.fixture(scope="module")
def filled() -> Iterator[Moto]:
    with Moto().served() as moto:
        moto.reset()
        fill_everything(moto)
        yield moto


@pytest.mark.parametrize("operation", EXERCISED, ids=lambda one: one.name)
async def test_operation_that_fails_is_a_gap_and_never_an_empty_list(filled: Moto, operation: Operation):
    await check_every_fault(filled, operation)
