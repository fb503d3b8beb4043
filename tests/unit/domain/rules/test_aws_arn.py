import pytest

from domain.facts.resource import Resource, ResourceKind
from domain.rules.aws import tagging
from domain.rules.aws_arn import arn_of
from domain.rules.rule import RuleContext
from tests.factories.aws import NOW, volume

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:resize"


@pytest.mark.parametrize(
    ("kind", "native_id", "region", "arn"),
    [
        (ResourceKind.AWS_EC2_INSTANCE, "i-1", "us-east-1", "arn:aws:ec2:us-east-1:123456789012:instance/i-1"),
        (ResourceKind.AWS_EC2_INSTANCE, "i-1", "cn-north-1", "arn:aws-cn:ec2:cn-north-1:123456789012:instance/i-1"),
        (ResourceKind.AWS_S3_BUCKET, "logs", "us-gov-west-1", "arn:aws-us-gov:s3:::logs"),
        (ResourceKind.AWS_LAMBDA_FUNCTION, FUNCTION, "us-east-1", FUNCTION),
    ],
)
def test_arn_is_made_of_what_a_resource_is(kind, native_id, region, arn):
    one = Resource(kind=kind, native_id=native_id, name=native_id, region=region)

    assert arn_of(one, "123456789012") == arn


def test_tags_are_written_to_twenty_resources_at_once_and_only_where_they_are_missing():
    account = Resource(kind=ResourceKind.AWS_ACCOUNT, native_id="123456789012", name="shop", config={"Account": "x"})
    bare = [volume(f"vol-{number:02}") for number in range(21)]
    named = volume("vol-99", tags={"team": "pay"})
    related = {(one.kind, one.native_id): one for one in (*bare, named)}
    wanted = {"required": ("team", "environment"), "values": ("team=shop", "environment=test")}

    steps = tagging.write_tags(account, RuleContext(now=NOW, parameters=wanted, resources=related))

    written = [(len(step.call.arguments["ResourceARNList"]), step.call.arguments["Tags"]) for step in steps]
    both = {"team": "shop", "environment": "test"}
    assert written == [(1, {"environment": "test"}), (20, both), (1, both)]
