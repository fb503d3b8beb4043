"""Stores of health data: labels, keys, paths. NOW is 2026-06-01 12:00."""

from typing import Any

import pytest

from domain.bundled import tc_phi_01, tc_phi_03, tc_phi_04
from domain.compliance.answers import Answers
from domain.compliance.health_data import FINDINGS, LISTED, aws_stores, is_medical
from domain.facts.compliance import CheckStatus, Integration
from tests.factories.answers import answers, call, faults, judged
from tests.factories.bundled import BUCKET, CLUSTER, DATABASE, FILES, TABLE, TAGS, check_of, finding, labelled

FAIL, WARNING, PASS, ERROR = CheckStatus.FAIL, CheckStatus.WARNING, CheckStatus.PASS, CheckStatus.ERROR
NOTHING, UNTOLD = CheckStatus.NOT_APPLICABLE, CheckStatus.NOT_ASSESSED
# A week before NOW, and a second less.
OLD, NEW = "2026-05-25T12:00:00Z", "2026-05-25T12:00:01Z"
MEDICARE, NAME = "USA_MEDICARE_BENEFICIARY_IDENTIFIER", "NAME"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (MEDICARE, True),
        ("USA_NATIONAL_PROVIDER_IDENTIFIER", True),
        ("ICD10_CODE", True),
        ("UK_NHS_NUMBER", True),
        ("our patient numbers", True),
        (NAME, False),
        ("CREDIT_CARD_NUMBER", False),
    ],
)
def test_what_is_of_a_health_record_is_known_by_its_name(name: str, expected: bool) -> None:
    assert is_medical([name]) is expected


def test_only_what_holds_data_and_is_labelled_is_a_store() -> None:
    others = (
        "arn:aws:rds:eu-west-1:123:snapshot:clinic-1",
        "arn:aws:dynamodb:eu-west-1:123:table/visits/stream/1",
        "arn:aws:ec2:eu-west-1:123:instance/i-1",
    )

    found = aws_stores(answers(Integration.AWS, labelled(BUCKET, TABLE, DATABASE, CLUSTER, FILES, *others)))

    assert found == sorted([BUCKET, TABLE, DATABASE, CLUSTER, FILES])


def macie(*findings: dict[str, Any], unread: Any = (), off: Any = ()) -> Answers:
    found = {"findings": list(findings)}
    return answers(
        Integration.AWS, (LISTED, {"findingIds": []}), (FINDINGS, found), labelled(BUCKET), unread=unread, off=off
    )


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (macie(finding("records", OLD, [MEDICARE])), PASS, []),
        (macie(finding("others", OLD, [MEDICARE])), FAIL, ["others"]),
        (macie(finding("others", NEW, [MEDICARE])), WARNING, ["others"]),
        (macie(finding("unknown", NEW, own=["patient numbers"])), WARNING, ["unknown"]),
        # The oldest of several counts, whichever comes first.
        (macie(finding("others", NEW, [MEDICARE]), finding("others", OLD, [MEDICARE])), FAIL, ["others"]),
        (macie(finding("others", OLD, [MEDICARE]), finding("others", NEW, [MEDICARE])), FAIL, ["others"]),
        (macie(finding("others", OLD, [NAME])), NOTHING, []),
        (macie(finding("others", OLD, [MEDICARE], type="Policy:IAMUser/S3BucketPublic")), NOTHING, []),
        (macie(), NOTHING, []),
        (macie(off=[LISTED, FINDINGS]), UNTOLD, []),
        *((macie(unread=[missing]), ERROR, []) for missing in (LISTED, FINDINGS, TAGS)),
    ],
)
def test_buckets_with_something_medical_are_labelled(
    looked_at: Answers, status: CheckStatus, faulty: list[str]
) -> None:
    found = judged(check_of("TC-PHI-01"), looked_at)

    assert (found.status, faults(found)) == (status, faulty)


def test_a_finding_without_details_says_nothing_medical() -> None:
    bare = finding("others", OLD, classificationDetails={"result": {}})

    assert judged(check_of("TC-PHI-01"), macie(bare)).status is NOTHING


def profiles(label: str | None, at: str, detected: str | None = "MEDICAL_RECORD_NUMBER", asset: str = "b") -> Answers:
    said = {"fileStoreInfoTypeSummaries": [{"infoType": {"name": detected}}]} if detected else {}
    labels = {"labels": {"data-class": label}} if label else {}
    return answers(
        Integration.GCP,
        (tc_phi_01.ASSETS, {"results": [{"name": "b", **labels}]}),
        (tc_phi_01.PROFILES, {"fileStoreDataProfiles": [{"fullResource": asset, "createTime": at, **said}]}),
    )


@pytest.mark.parametrize(
    ("looked_at", "status"),
    [
        (profiles("phi", OLD), PASS),
        (profiles("pii", OLD), FAIL),
        (profiles(None, OLD), FAIL),
        (profiles(None, NEW), WARNING),
        (profiles(None, OLD, "PERSON_NAME"), NOTHING),
        (profiles(None, OLD, None), NOTHING),
        (profiles(None, OLD, asset="of another project"), NOTHING),
    ],
)
def test_stores_of_google_with_something_medical_are_labelled(looked_at: Answers, status: CheckStatus) -> None:
    assert judged(check_of("TC-PHI-01"), looked_at).status is status


OWN, OTHER = "arn:aws:kms:eu-west-1:123:key/own", "arn:aws:kms:eu-west-1:123:key/aws"


def encrypted(*stores: str, key: str | None = OWN, is_encrypted: bool = True, rotates: bool | None = True) -> Answers:
    """Every store of every kind is there; only those that are named are labelled."""
    said = {"KmsKeyId": key} if key else {}
    default = {"KMSMasterKeyID": key} if key else {}
    rules = [{"ApplyServerSideEncryptionByDefault": default}]
    table = {"TableArn": TABLE, **({"SSEDescription": {"KMSMasterKeyArn": key}} if key else {})}
    bucket = [{"ServerSideEncryptionConfiguration": {"Rules": rules}}] if is_encrypted else []
    keys = [(OWN, "own", "CUSTOMER"), (OTHER, "aws", "AWS")]
    rotation = [] if rotates is None else [{"KeyRotationEnabled": rotates}]
    return answers(
        Integration.AWS,
        labelled(*stores),
        *(
            call("kms.describe_key", {"KeyMetadata": {"Arn": arn, "KeyId": id, "KeyManager": whose}}, KeyId=arn)
            for arn, id, whose in keys
        ),
        call(tc_phi_03.ROTATION, *rotation, KeyId=OWN),
        (
            tc_phi_03.DATABASES,
            {
                "DBInstances": [
                    {"DBInstanceArn": DATABASE, "StorageEncrypted": is_encrypted, **said},
                    {
                        "DBInstanceArn": f"{DATABASE}-2",
                        "DBClusterIdentifier": "ward",
                        "StorageEncrypted": is_encrypted,
                        **said,
                    },
                ]
            },
        ),
        (tc_phi_03.FILES, {"FileSystems": [{"FileSystemArn": FILES, "Encrypted": is_encrypted, **said}]}),
        call(tc_phi_03.TABLES, {"Table": table}, at="eu-west-1", TableName="visits"),
        call(tc_phi_03.BUCKETS, *bucket, Bucket="records"),
        account="123",
    )


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (encrypted(BUCKET, TABLE, DATABASE, FILES), PASS, []),
        (encrypted(BUCKET, key="own"), PASS, []),
        (encrypted(BUCKET, TABLE, DATABASE, FILES, rotates=False), WARNING, ["records", TABLE, DATABASE, FILES]),
        (encrypted(DATABASE, rotates=None), WARNING, [DATABASE]),
        (encrypted(BUCKET, TABLE, DATABASE, FILES, key=OTHER), WARNING, ["records", TABLE, DATABASE, FILES]),
        (encrypted(BUCKET, TABLE, key=None), WARNING, ["records", TABLE]),
        (encrypted(BUCKET, key="alias/records"), WARNING, ["records"]),
        (encrypted(BUCKET, DATABASE, FILES, is_encrypted=False), FAIL, ["records", DATABASE, FILES]),
        (encrypted(CLUSTER, is_encrypted=False), FAIL, [f"{DATABASE}-2"]),
        (encrypted(is_encrypted=False), NOTHING, []),
    ],
)
def test_stores_in_aws_have_a_key_of_their_own_that_rotates(
    looked_at: Answers, status: CheckStatus, faulty: list[str]
) -> None:
    found = judged(check_of("TC-PHI-03"), looked_at)

    assert (found.status, sorted(faults(found))) == (status, sorted(faulty))


KEY = "projects/p/locations/eu/keyRings/r/cryptoKeys/k"


def google(key: str | None, *, rotates: bool = True, label: str = "phi") -> Answers:
    instance = {"diskEncryptionConfiguration": {"kmsKeyName": key}} if key else {}
    bucket = {"encryption": {"defaultKmsKeyName": key}} if key else {}
    labels = {"data-class": label}
    return answers(
        Integration.GCP,
        (tc_phi_03.GOOGLE_KEYS, {"cryptoKeys": [{"name": KEY, **({"rotationPeriod": "7776000s"} if rotates else {})}]}),
        (tc_phi_03.INSTANCES, {"items": [{"name": "clinic", "settings": {"userLabels": labels}, **instance}]}),
        (tc_phi_03.GOOGLE_BUCKETS, {"items": [{"name": "records", "labels": labels, **bucket}]}),
        account="p",
    )


@pytest.mark.parametrize(
    ("looked_at", "status", "count"),
    [
        (google(KEY), PASS, 0),
        (google(f"{KEY}/cryptoKeyVersions/3"), PASS, 0),
        (google(KEY, rotates=False), WARNING, 2),
        (google(None), WARNING, 2),
        (google(None, label="internal"), NOTHING, 0),
    ],
)
def test_stores_of_google_have_a_key_of_their_own_that_rotates(
    looked_at: Answers, status: CheckStatus, count: int
) -> None:
    found = judged(check_of("TC-PHI-03"), looked_at)

    assert (found.status, len(faults(found))) == (status, count)


ALL_FLAGS = dict.fromkeys(tc_phi_04.FLAGS, True)


def reached(
    *stores: str,
    services: tuple[str, ...] = (),
    state: str = "available",
    policy: bool | None = None,
    own: dict[str, bool] | None = None,
    everywhere: dict[str, bool] | None = None,
    is_open: bool = False,
) -> Answers:
    endpoints = [{"ServiceName": f"com.amazonaws.eu-west-1.{one}", "State": state} for one in services]
    blocked = [{"PublicAccessBlockConfiguration": own}] if own else []
    return answers(
        Integration.AWS,
        labelled(*stores),
        call(tc_phi_04.ENDPOINTS, {"VpcEndpoints": endpoints}, at="eu-west-1"),
        (tc_phi_04.DATABASES, {"DBInstances": [{"DBInstanceArn": DATABASE, "PubliclyAccessible": is_open}]}),
        call(
            tc_phi_04.STATUSES,
            *([{"PolicyStatus": {"IsPublic": policy}}] if policy is not None else []),
            Bucket="records",
        ),
        call(tc_phi_04.BLOCKS, *blocked, Bucket="records"),
        (tc_phi_04.ACCOUNT_BLOCK, {"PublicAccessBlockConfiguration": everywhere})
        if everywhere
        else (tc_phi_04.ACCOUNT_BLOCK,),
    )


HALF = {"BlockPublicAcls": True, "IgnorePublicAcls": True}
REST = {"BlockPublicPolicy": True, "RestrictPublicBuckets": True}


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (reached(BUCKET, services=("s3",), own=ALL_FLAGS), PASS, []),
        (reached(BUCKET, services=("s3",), policy=False, own=ALL_FLAGS), PASS, []),
        (reached(BUCKET, services=("s3",), own=HALF, everywhere=REST), PASS, []),
        (reached(BUCKET, services=("s3",), own=HALF), FAIL, ["records"]),
        (reached(BUCKET, services=("s3",)), FAIL, ["records"]),
        (reached(BUCKET, services=("s3",), policy=True, own=ALL_FLAGS), FAIL, ["records"]),
        (reached(BUCKET, services=("dynamodb",), everywhere=ALL_FLAGS), WARNING, ["records"]),
        (reached(BUCKET, services=("s3",), state="pending", own=ALL_FLAGS), WARNING, ["records"]),
        (reached(TABLE, services=("dynamodb",)), PASS, []),
        (reached(TABLE.replace("eu-west-1", "us-east-1"), services=("dynamodb",)), WARNING, None),
        (reached(TABLE), WARNING, [TABLE]),
        (reached(DATABASE), PASS, []),
        (reached(DATABASE, is_open=True), FAIL, [DATABASE]),
        (reached(is_open=True), NOTHING, []),
    ],
)
def test_stores_have_no_public_path_and_a_private_endpoint(
    looked_at: Answers, status: CheckStatus, faulty: list[str] | None
) -> None:
    found = judged(check_of("TC-PHI-04"), looked_at)

    assert found.status is status
    assert faulty in (None, faults(found))
