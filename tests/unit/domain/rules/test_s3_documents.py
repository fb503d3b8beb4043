"""Whole documents of a bucket are written anew with one thing more, and nothing in them is lost."""

import json

import pytest

from domain.remediation.remedy import NoPlan
from domain.rules.aws import s3_encryption, s3_lifecycle
from domain.rules.rule import RuleContext
from tests.factories.aws import NOW, bucket

CONTEXT = RuleContext(now=NOW, parameters={"after_days": 7, "noncurrent_days": 90, "keep_versions": 3})
STATEMENTS = [
    {"Sid": "Read", "Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "s3:GetObject", "Resource": "*"},
    {"Effect": "Deny", "Principal": "*", "NotAction": "s3:*", "Resource": "*"},
]
EXPIRING = {
    "ID": "tmp",
    "Status": "Enabled",
    "Filter": {"And": {"Prefix": "tmp/", "Tags": [{"Key": "a", "Value": "b"}]}},
    "Expiration": {"Date": "2027-01-01T00:00:00+00:00"},
}
OLD_STYLE = {"ID": "old", "Status": "Disabled", "Prefix": "old/", "Expiration": {"Days": 3}}


def with_policy(policy: dict | None, **options):
    return bucket(Policy=None if policy is None else json.dumps(policy), **options)


def policy_of(step) -> dict:
    return json.loads(step.call.arguments["Policy"])


def rules_of(call) -> list[dict]:
    return call.arguments["LifecycleConfiguration"]["Rules"]


def test_policy_keeps_its_other_statements_and_its_head():
    policy = {"Version": "2008-10-17", "Id": "own", "Statement": STATEMENTS}

    (step,) = s3_encryption.deny_plain_requests(with_policy(policy), CONTEXT)

    written = policy_of(step)
    assert written["Statement"][:-1] == STATEMENTS
    assert (written["Version"], written["Id"]) == ("2008-10-17", "own")
    assert written["Statement"][-1]["Effect"] == "Deny"
    assert step.undo[0].call.arguments["Policy"] == json.dumps(policy)


def test_single_statement_without_a_list_is_kept():
    (step,) = s3_encryption.deny_plain_requests(with_policy({"Statement": STATEMENTS[0]}), CONTEXT)

    assert policy_of(step)["Statement"][0] == STATEMENTS[0]


def test_statement_of_the_same_name_is_not_replaced():
    taken = {**STATEMENTS[0], "Sid": s3_encryption.DENY_ID}

    (step,) = s3_encryption.deny_plain_requests(with_policy({"Statement": [taken]}), CONTEXT)

    assert [one["Sid"] for one in policy_of(step)["Statement"]] == [
        s3_encryption.DENY_ID,
        f"{s3_encryption.DENY_ID}1",
    ]


def test_policy_that_was_not_there_is_taken_away_again():
    (step,) = s3_encryption.deny_plain_requests(with_policy(None), CONTEXT)

    assert step.undo[0].call.operation == "s3.delete_bucket_policy"
    assert policy_of(step)["Statement"][0]["Resource"] == ["arn:aws:s3:::invoices", "arn:aws:s3:::invoices/*"]


def test_bucket_in_china_is_named_as_there():
    chinese = with_policy(None).model_copy(update={"region": "cn-north-1"})

    (step,) = s3_encryption.deny_plain_requests(chinese, CONTEXT)

    assert policy_of(step)["Statement"][0]["Resource"][0] == "arn:aws-cn:s3:::invoices"


@pytest.mark.parametrize("tested", [{"StringEquals": {"aws:SecureTransport": "false"}}, {"Bool": {"aws:x": "false"}}])
def test_statement_about_something_else_denies_nothing_plain(tested):
    policy = {"Statement": [{**STATEMENTS[1], "Condition": tested}]}

    assert s3_encryption.takes_plain_requests(with_policy(policy), CONTEXT) is not None


def test_what_encryption_says_besides_the_key_stays():
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BlockedEncryptionTypes": ["SSE-C"]}
    asked = bucket(ServerSideEncryptionConfiguration={"Rules": [rule]}).model_copy(
        update={"tags": {s3_encryption.KEY_TAG: "alias/own"}}
    )

    (step,) = s3_encryption.encrypt(asked, CONTEXT)

    written = step.call.arguments["ServerSideEncryptionConfiguration"]["Rules"]
    assert written[0]["BlockedEncryptionTypes"] == ["SSE-C"]
    assert written[0]["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"] == "alias/own"
    assert step.undo[0].call.arguments["ServerSideEncryptionConfiguration"] == {"Rules": [rule]}


def test_other_lifecycle_rules_are_written_again_and_undoing_writes_the_former_ones():
    had = bucket(LifecycleRules=[EXPIRING, OLD_STYLE], TransitionDefaultMinimumObjectSize="varies_by_storage_class")

    (step,) = s3_lifecycle.end_uploads(had, CONTEXT)

    filtered = {**{key: OLD_STYLE[key] for key in ("ID", "Status", "Expiration")}, "Filter": {"Prefix": "old/"}}
    assert rules_of(step.call)[:-1] == [EXPIRING, filtered]
    assert rules_of(step.undo[0].call) == [EXPIRING, OLD_STYLE]
    for call in (step.call, step.undo[0].call):
        assert call.arguments["TransitionDefaultMinimumObjectSize"] == "varies_by_storage_class"


def test_rule_of_the_same_name_that_is_switched_off_gives_way():
    off = {**EXPIRING, "ID": "cloudwatcher-noncurrent-versions", "Status": "Disabled"}

    (step,) = s3_lifecycle.end_versions(bucket(LifecycleRules=[off]), CONTEXT)

    (written,) = rules_of(step.call)
    assert written["NoncurrentVersionExpiration"] == {"NoncurrentDays": 90, "NewerNoncurrentVersions": 3}
    assert rules_of(step.undo[0].call) == [off]


def test_full_list_of_lifecycle_rules_has_no_plan():
    full = bucket(LifecycleRules=[{**EXPIRING, "ID": str(number)} for number in range(s3_lifecycle.MOST_RULES)])

    with pytest.raises(NoPlan, match="as many lifecycle rules as S3 allows"):
        s3_lifecycle.end_uploads(full, CONTEXT)


def test_saving_of_tiering_is_the_cheaper_storage_less_the_watching():
    day = "2026-11-20T00:00:00+00:00"
    sized = bucket(
        LifecycleRules=None,
        Metrics={
            "BucketSizeBytes.Average": {day: 200.0 * 2**30, "2026-11-19T00:00:00+00:00": 1.0},
            "NumberOfObjects.Average": {day: 100_000.0},
        },
    )

    observation = s3_lifecycle.is_never_tiered(sized, RuleContext(now=NOW, parameters={"min_gib": 100}))

    # 200 * (0.023 - (0.4 * 0.023 + 0.6 * 0.0125)) - 100_000 / 1000 * 0.0025 = 1.26 - 0.25
    assert str(observation.estimated_monthly_saving.amount) == "1.01"
