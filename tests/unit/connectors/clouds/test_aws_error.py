from datetime import timedelta

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
from connectors.clouds.aws import fields, session
from connectors.reading.listing import Operation
from domain.errors import (
    CredentialsRejected,
    Misshapen,
    PermissionMissing,
    PlanMissing,
    ProviderError,
    Throttled,
    Unavailable,
)

ENDPOINT = "https://aws.example.com"
VOLUMES = fields.call("ec2.describe_volumes", "ec2:DescribeVolumes")
HUB = fields.call(
    "securityhub.describe_hub", "securityhub:DescribeHub", off=("InvalidAccessException",), plan="Security Hub"
)


def answer(code: str, status: int = 400, message: str = "no", operation: str = "DescribeVolumes") -> ClientError:
    return ClientError(
        {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}, operation
    )


def translated(error: Exception, operation: Operation = VOLUMES) -> ProviderError | None:
    return aws_error.translate(error, operation, ENDPOINT)


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
        ("404", 404, Misshapen),
        ("", 301, Misshapen),
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
        (ResponseParserError("not well-formed"), Misshapen),
        (KeyError("GetCallerIdentityResult"), Misshapen),
        (NoCredentialsError(), CredentialsRejected),
    ],
)
def test_failure_on_the_way_becomes_the_kind_that_says_what_to_do(error, kind):
    assert type(translated(error)) is kind


def test_endpoint_that_does_not_answer_is_named_with_the_reason():
    error = translated(EndpointConnectionError(endpoint_url=ENDPOINT, error="connection refused"))

    assert error.message == f"{ENDPOINT} did not answer ec2.describe_volumes: connection refused"


def test_refusal_of_no_known_kind_is_shown_with_its_code():
    error = translated(answer("InvalidParameter", message="Not like this"))

    assert type(error) is ProviderError
    assert error.message == "AWS refuses ec2.describe_volumes (InvalidParameter): Not like this"


@pytest.mark.parametrize(
    ("operation", "code", "plan"),
    [
        (VOLUMES, "OptInRequired", "ec2 switched on in the account"),
        (VOLUMES, "SubscriptionRequiredException", "ec2 switched on in the account"),
        (HUB, "InvalidAccessException", "Security Hub"),
    ],
)
def test_service_that_is_not_switched_on_is_a_matter_of_the_plan(operation, code, plan):
    error = translated(answer(code), operation)

    assert type(error) is PlanMissing
    assert error.plan == plan


def test_time_to_wait_is_taken_from_the_answer():
    throttled = answer("ThrottlingException")
    throttled.response["ResponseMetadata"]["HTTPHeaders"] = {"retry-after": "7"}

    assert translated(throttled).retry_after == timedelta(seconds=7)
    assert translated(answer("ThrottlingException")).retry_after is None


def test_what_is_translated_already_passes_and_nothing_else():
    refusal = ProviderError("no", service="ec2")

    assert aws_error.passed(refusal, "ec2", "ec2.describe_volumes") is refusal
    assert aws_error.passed(ValueError(), "ec2", "ec2.describe_volumes") is None


def test_refusal_of_what_needs_no_permission_names_none():
    error = translated(answer("AccessDenied", 403), session.WHO_AM_I)

    assert type(error) is PermissionMissing
    assert (error.message, error.permission) == ("AWS does not allow sts.get_caller_identity.", "")


def test_missing_permission_is_named_as_it_is_granted():
    error = translated(answer("AccessDenied", 403), fields.call("s3.list_buckets", "s3:ListAllMyBuckets"))

    assert error.message == "The permission s3:ListAllMyBuckets is missing."
    assert error.permission == "s3:ListAllMyBuckets"


@pytest.mark.parametrize(
    ("message", "permission"),
    [
        (
            "User: arn:aws:iam::1:user/a is not authorized to perform: acm:DescribeCertificate on",
            "acm:DescribeCertificate",
        ),
        (
            "User: arn:aws:iam::1:user/a is not authorized to perform: acm:Other on",
            "acm:ListCertificates, acm:DescribeCertificate",
        ),
        ("no", "acm:ListCertificates, acm:DescribeCertificate"),
    ],
)
def test_of_several_permissions_the_one_that_aws_names_is_missing(message, permission):
    several = fields.call("acm.list_certificates", "acm:ListCertificates", "acm:DescribeCertificate")

    assert translated(answer("AccessDeniedException", message=message), several).permission == permission


def test_role_that_may_not_be_assumed_is_a_matter_of_trust_not_of_permission():
    error = translated(answer("AccessDenied", 403), session.ASSUME_ROLE)

    assert type(error) is CredentialsRejected
    assert "external id" in error.message


def test_long_answer_is_cut_to_one_line():
    error = translated(answer("InvalidParameter", message="<p>\n" * 1000))

    assert "\n" not in error.message
    assert len(error.message) < aws_error.LONGEST_DETAIL + 100


@pytest.mark.parametrize("bug", [ParamValidationError(report="Unknown parameter"), ZeroDivisionError(), OSError()])
def test_bug_of_ours_is_not_translated(bug):
    assert translated(bug) is None


def test_code_is_empty_for_what_is_no_answer():
    assert aws_error.code_of(ZeroDivisionError()) == ""
    assert aws_error.code_of(answer("NoSuchBucketPolicy")) == "NoSuchBucketPolicy"
