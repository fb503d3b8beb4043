import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
)
from botocore.parsers import ResponseParserError

from connectors.clouds.aws import error as aws_error
from domain.errors import CredentialsRejected, PermissionMissing, ProviderError, Throttled, Unavailable

ENDPOINT = "https://aws.example.com"


def answer(code: str, status: int = 400, message: str = "no", operation: str = "DescribeVolumes") -> ClientError:
    return ClientError(
        {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}, operation
    )


def translated(error: Exception, service: str = "ec2", operation: str = "DescribeVolumes") -> ProviderError | None:
    return aws_error.translate(error, service, operation, ENDPOINT)


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("AccessDenied", 403, PermissionMissing),
        ("AccessDeniedException", 400, PermissionMissing),
        ("UnauthorizedOperation", 403, PermissionMissing),
        ("InvalidClientTokenId", 403, CredentialsRejected),
        ("SignatureDoesNotMatch", 403, CredentialsRejected),
        ("AuthFailure", 401, CredentialsRejected),
        ("ExpiredToken", 400, CredentialsRejected),
        ("ExpiredTokenException", 400, CredentialsRejected),
        ("InvalidAccessKeyId", 403, CredentialsRejected),
        ("UnrecognizedClientException", 400, CredentialsRejected),
        ("Throttling", 400, Throttled),
        ("ThrottlingException", 400, Throttled),
        ("RequestLimitExceeded", 503, Throttled),
        ("SlowDown", 503, Throttled),
        ("NewKindOfThrottling", 400, Throttled),
        ("SomethingElse", 429, Throttled),
        ("InternalError", 500, Unavailable),
        ("ServiceUnavailable", 503, Unavailable),
        ("503", 503, Unavailable),
        ("404", 404, Unavailable),
        ("", 301, Unavailable),
    ],
)
def test_code_of_aws_becomes_the_kind_that_says_what_to_do(code, status, kind):
    assert type(translated(answer(code, status))) is kind


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ConnectTimeoutError(endpoint_url=ENDPOINT), Unavailable),
        (ReadTimeoutError(endpoint_url=ENDPOINT), Unavailable),
        (EndpointConnectionError(endpoint_url=ENDPOINT, error="connection refused"), Unavailable),
        (ResponseParserError("not well-formed"), Unavailable),
        (KeyError("GetCallerIdentityResult"), Unavailable),
        (NoCredentialsError(), CredentialsRejected),
    ],
)
def test_failure_on_the_way_becomes_the_kind_that_says_what_to_do(error, kind):
    assert type(translated(error)) is kind


def test_endpoint_that_does_not_answer_is_named_with_the_reason():
    error = translated(EndpointConnectionError(endpoint_url=ENDPOINT, error="connection refused"))

    assert error.message == f"{ENDPOINT} did not answer ec2 DescribeVolumes: connection refused"


def test_refusal_of_no_known_kind_is_shown_with_its_code():
    error = translated(answer("OptInRequired", message="You are not subscribed"))

    assert type(error) is ProviderError
    assert error.message == "AWS refuses ec2 DescribeVolumes (OptInRequired): You are not subscribed"


@pytest.mark.parametrize(
    ("service", "operation", "permission"),
    [
        ("ec2", "DescribeVolumes", "ec2:DescribeVolumes"),
        ("s3", "ListBuckets", "s3:ListAllMyBuckets"),
        ("s3", "GetPublicAccessBlock", "s3:GetBucketPublicAccessBlock"),
        ("s3", "GetBucketEncryption", "s3:GetEncryptionConfiguration"),
        ("cloudtrail", "GetTrailStatus", "cloudtrail:GetTrailStatus"),
    ],
)
def test_missing_permission_is_named_as_it_is_granted(service, operation, permission):
    error = translated(answer("AccessDenied", 403), service, operation)

    assert error.message == f"The permission {permission} is missing."


def test_role_that_may_not_be_assumed_is_a_matter_of_trust_not_of_permission():
    error = translated(answer("AccessDenied", 403), "sts", "AssumeRole")

    assert type(error) is CredentialsRejected
    assert "external id" in error.message


def test_long_answer_is_cut_to_one_line():
    error = translated(answer("OptInRequired", message="<p>\n" * 1000))

    assert "\n" not in error.message
    assert len(error.message) < aws_error.LONGEST_DETAIL + 100


@pytest.mark.parametrize("bug", [ParamValidationError(report="Unknown parameter"), ZeroDivisionError(), OSError()])
def test_bug_of_ours_is_not_translated(bug):
    assert translated(bug) is None


def test_code_is_empty_for_what_is_no_answer():
    assert aws_error.code_of(ZeroDivisionError()) == ""
    assert aws_error.code_of(answer("NoSuchBucketPolicy")) == "NoSuchBucketPolicy"
