"""The tables of AWS against the client library's own models: every name exists, and permissions are the operations'."""

from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from connectors.clouds.aws import paging, registration, session
from connectors.guard import Guard
from connectors.reading.listing import Operation, Place
from connectors.reading.source import Reach
from domain.errors import CutShort
from domain.facts.aws_credentials import AwsCredentials

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)

# Source: service authorization reference, "Actions, resources, and condition keys".
PREFIXES = {
    "elbv2": "elasticloadbalancing",
    "efs": "elasticfilesystem",
    "opensearch": "es",
    "resourcegroupstaggingapi": "tag",
    "s3control": "s3",
}
NAMED_OTHERWISE = {
    "s3.list_buckets": "s3:ListAllMyBuckets",
    "s3.get_public_access_block": "s3:GetBucketPublicAccessBlock",
    "s3.get_bucket_encryption": "s3:GetEncryptionConfiguration",
    "s3.get_bucket_lifecycle_configuration": "s3:GetLifecycleConfiguration",
    "s3.get_object_lock_configuration": "s3:GetBucketObjectLockConfiguration",
    "s3.list_multipart_uploads": "s3:ListBucketMultipartUploads",
    "s3control.get_public_access_block": "s3:GetAccountPublicAccessBlock",
    "apigateway.get_rest_apis": "apigateway:GET",
    "apigateway.get_request_validators": "apigateway:GET",
}
MINE = {
    *("acm", "apigateway", "autoscaling", "backup", "cloudfront", "cloudwatch", "dynamodb", "ec2", "ecr", "efs"),
    *("eks", "elasticache", "elbv2", "lambda", "opensearch", "rds", "redshift", "resourcegroupstaggingapi"),
    *("route53", "s3", "s3control", "ssm"),
}
TABLES = [one for one in registration.REGISTRATION.operations if one.service in MINE]


def client(service: str) -> Any:
    return boto3.client(service, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")


@pytest.mark.parametrize("operation", TABLES, ids=lambda one: one.name)
def test_operation_exists_and_needs_the_permission_of_its_name(operation: Operation):
    service, _, method = operation.name.partition(".")
    made = client(service)

    named = f"{PREFIXES.get(service, service)}:{made.meta.method_to_api_mapping[method]}"

    assert operation.permissions == (NAMED_OTHERWISE.get(operation.name, named),)


@pytest.mark.parametrize("operation", TABLES, ids=lambda one: one.name)
def test_size_of_a_page_is_given_only_where_the_operation_takes_one(operation: Operation):
    service, _, method = operation.name.partition(".")

    ways = paging.paging_of(client(service), method)

    assert "page_size" not in operation.options or ways.limit


@pytest.mark.parametrize(
    ("answer", "asked", "following"),
    [
        ({"Next": "b"}, {"Size": 5}, {"Size": 5, "Start": "b"}),
        ({"Next": "c"}, {"Size": 5, "Start": "b"}, {"Size": 5, "Start": "c"}),
        ({"Next": ""}, {"Size": 5, "Start": "b"}, None),
        ({}, {"Start": "b"}, None),
    ],
)
def test_next_page_is_asked_for_with_the_token_of_the_last(answer, asked, following):
    assert paging.Paging(tokens=(("Start", lambda given: given.get("Next")),)).following(answer, asked) == following


def test_list_that_says_it_has_ended_has_no_next_page_whatever_its_token():
    ways = paging.Paging(tokens=(("Marker", lambda given: given["Marker"]),), more=lambda given: given["IsTruncated"])

    assert ways.following({"IsTruncated": False, "Marker": "b"}, {}) is None
    assert ways.following({"IsTruncated": True, "Marker": "b"}, {}) == {"Marker": "b"}


async def test_list_that_goes_on_without_saying_where_is_not_taken_for_whole(monkeypatch):
    async def made(service: str, region: str) -> Any:
        return client(service)

    async def answer(*_: Any) -> Any:
        return {"Users": [], "IsTruncated": True}

    reach = Reach(
        guard=lambda translate: Guard(concurrency=1, time_limit=timedelta(seconds=1), translate=translate),
        allow_private_endpoint=False,
        now=lambda: NOW,
    )
    keys = AwsCredentials.model_validate({"access_key_id": "AKIA1", "secret_access_key": "s"})
    source = session.AwsSource(keys, reach, AsyncExitStack())
    monkeypatch.setattr(source, "_client", made)
    monkeypatch.setattr(source, "_answer", answer)
    users = next(one for one in registration.REGISTRATION.operations if one.name == "iam.list_users")
    place = Place(account_id="111122223333", region=None, now=NOW)

    with pytest.raises(CutShort, match=r"iam\.list_users goes on"):
        assert [page async for page in source.pages(users, place, {})]


def test_one_of_two_tokens_may_have_ended():
    ways = paging.Paging(
        tokens=(("Key", lambda given: given.get("Key")), ("Upload", lambda given: given.get("Upload")))
    )

    assert ways.following({"Key": "b"}, {"Key": "a", "Upload": "1"}) == {"Key": "b"}


def test_operation_the_library_does_not_page_goes_on_by_the_names_of_its_fields():
    ways = paging.paging_of(client("guardduty"), "list_malware_protection_plans")

    assert ways.following({"NextToken": "b"}, {}) == {"NextToken": "b"}
    assert paging.paging_of(client("sts"), "get_caller_identity") == paging.Paging()


def test_operation_that_says_inside_of_its_list_where_it_goes_on_is_followed_there():
    ways = paging.paging_of(client("cloudfront"), "list_cache_policies")

    assert ways.following({"CachePolicyList": {"NextMarker": "b"}}, {}) == {"Marker": "b"}
    assert ways.following({"CachePolicyList": {"Quantity": 0}}, {"Marker": "b"}) is None
    assert ways.following({}, {}) is None


@pytest.mark.parametrize(
    ("service", "region", "offered"),
    [
        ("ec2", "eu-west-1", True),
        ("cloudfront", "eu-west-1", True),  # global: nothing is known of regions
        ("s3control", "eu-west-1", True),
        ("ec2", "mars-north-1", True),  # newer than what is known
        ("pricing", "eu-west-2", False),
    ],
)
def test_service_is_missing_in_a_region_only_where_that_is_known(service, region, offered):
    assert session.is_offered(service, region) is offered
