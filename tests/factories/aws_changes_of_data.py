"""Changes to what holds data in a stand-in AWS account: buckets, databases, volumes, keys, queues, backups."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.facts.compliance import Verdict
from tests.factories.aws_account import CODE, ROLE
from tests.fakes.aws import ACCOUNT, REGION, Moto

PASS, WARNING, FAIL = Verdict.PASS, Verdict.WARNING, Verdict.FAIL
BUCKET = "cedar-data"
PASSWORD = "Stand-in-only-1"
TABLE = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/carts"
VAULT = f"arn:aws:backup:{REGION}:{ACCOUNT}:backup-vault:safe"
FLAGS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
Row = tuple[str, Verdict, Callable[[Moto], Any]]


def each(*changes: Callable[[Moto], Any]) -> Callable[[Moto], None]:
    """One change after another."""

    def make(moto: Moto) -> None:
        for change in changes:
            change(moto)

    return make


def bucket(name: str = BUCKET, **tags: str) -> Callable[[Moto], None]:
    def make(moto: Moto) -> None:
        s3 = moto.client("s3")
        s3.create_bucket(Bucket=name)
        if tags:
            pairs = [{"Key": key.replace("_", "-"), "Value": value} for key, value in tags.items()]
            s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": pairs})

    return make


def policy(**statement: Any) -> Callable[[Moto], Any]:
    own = {"Principal": "*", "Action": "s3:*", "Resource": f"arn:aws:s3:::{BUCKET}/*", **statement}
    text = json.dumps({"Version": "2012-10-17", "Statement": [own]})
    return lambda moto: moto.client("s3").put_bucket_policy(Bucket=BUCKET, Policy=text)


def blocked(count: int) -> Callable[[Moto], Any]:
    """So many of the account's four flags are on."""
    flags = {flag: number < count for number, flag in enumerate(FLAGS)}
    return lambda moto: moto.s3_control().put_public_access_block(
        AccountId=ACCOUNT, PublicAccessBlockConfiguration=flags
    )


def expiring(days: int) -> Callable[[Moto], Any]:
    rule = {"ID": "end", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": days}}
    return lambda moto: moto.client("s3").put_bucket_lifecycle_configuration(
        Bucket=BUCKET, LifecycleConfiguration={"Rules": [rule]}
    )


def versions(moto: Moto) -> None:
    moto.client("s3").put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})


def volume(*, encrypted: bool, by_default: bool) -> Callable[[Moto], None]:
    def make(moto: Moto) -> None:
        ec2 = moto.client("ec2")
        (ec2.enable_ebs_encryption_by_default if by_default else ec2.disable_ebs_encryption_by_default)()
        ec2.create_volume(AvailabilityZone=f"{REGION}a", Size=8, Encrypted=encrypted)

    return make


def database(name: str = "orders", tags: dict[str, str] | None = None, **given: Any) -> Callable[[Moto], Any]:
    pairs = [{"Key": key, "Value": value} for key, value in (tags or {}).items()]
    return lambda moto: moto.client("rds").create_db_instance(
        DBInstanceIdentifier=name,
        DBInstanceClass="db.t3.micro",
        Engine="postgres",
        MasterUsername="root",
        MasterUserPassword="Stand-in-only-1",
        AllocatedStorage=20,
        Tags=pairs,
        **given,
    )


def encryption_key(*, rotated: bool = False, leaving: bool = False) -> Callable[[Moto], None]:
    def make(moto: Moto) -> None:
        kms = moto.client("kms")
        made = kms.create_key()["KeyMetadata"]["KeyId"]
        if rotated:
            kms.enable_key_rotation(KeyId=made)
        if leaving:
            kms.schedule_key_deletion(KeyId=made, PendingWindowInDays=7)

    return make


def secret(moto: Moto) -> None:
    moto.client("secretsmanager").create_secret(Name="orders", SecretString="never-read")


def function(variables: dict[str, str], **given: Any) -> Callable[[Moto], None]:
    def make(moto: Moto) -> None:
        trust = json.dumps({"Version": "2012-10-17", "Statement": []})
        moto.client("iam").create_role(RoleName="made", AssumeRolePolicyDocument=trust)
        usual = {"Runtime": "python3.12", "Handler": "f.handle", "Role": ROLE, "Code": {"ZipFile": CODE}, **given}
        moto.client("lambda").create_function(FunctionName="resize", Environment={"Variables": variables}, **usual)

    return make


def labelled(count: int, of: int) -> Callable[[Moto], None]:
    """So many of the buckets have a label."""

    def make(moto: Moto) -> None:
        for number in range(of):
            bucket(f"cedar-{number}", **({"data_class": "pii"} if number < count else {}))(moto)

    return make


def protected(hours: float, *, days: int | None = None) -> Callable[[Moto], None]:
    """A table that AWS Backup has copied so many hours ago, into a vault locked for so many days."""

    def make(moto: Moto) -> None:
        at = datetime.now(UTC) - timedelta(hours=hours)
        row = {"ResourceArn": TABLE, "ResourceType": "DynamoDB", "LastBackupTime": at, "LastBackupVaultArn": VAULT}
        moto.say("backup.ListProtectedResources", {"Results": [row]})
        moto.client("backup").create_backup_vault(BackupVaultName="safe")
        lock = {"Locked": False} if days is None else {"Locked": True, "MinRetentionDays": days}
        moto.say("backup.DescribeBackupVault", {"BackupVaultName": "safe", "BackupVaultArn": VAULT, **lock})

    return make


def restored(validation: str | None) -> Callable[[Moto], None]:
    def make(moto: Moto) -> None:
        job = {
            "RestoreJobId": "1",
            "Status": "COMPLETED",
            "CompletionDate": datetime.now(UTC) - timedelta(days=9),
            "SourceResourceArn": TABLE,
        }
        moto.say(
            "backup.ListRestoreJobs", {"RestoreJobs": [job | ({"ValidationStatus": validation} if validation else {})]}
        )

    return make


def queue(*, with_path: bool) -> Callable[[Moto], None]:
    def make(moto: Moto) -> None:
        sqs = moto.client("sqs")
        dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        path = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": "3"})
        sqs.create_queue(QueueName="jobs", Attributes={"RedrivePolicy": path} if with_path else {})

    return make


def failed_run(hours: float) -> Callable[[Moto], None]:
    """A run of a state machine that failed so many hours ago."""

    def make(moto: Moto) -> None:
        definition = json.dumps({"StartAt": "one", "States": {"one": {"Type": "Pass", "End": True}}})
        states = moto.client("stepfunctions")
        made = states.create_state_machine(name="nightly", definition=definition, roleArn=ROLE)["stateMachineArn"]
        at = datetime.now(UTC) - timedelta(hours=hours)
        run = {"executionArn": f"{made}:1", "stateMachineArn": made, "name": "1", "status": "FAILED", "startDate": at}
        moto.say("stepfunctions.ListExecutions", {"executions": [{**run, "stopDate": at}]})

    return make


ROWS: tuple[Row, ...] = (
    ("CW-AVL-01", PASS, protected(2, days=30)),
    ("CW-AVL-01", WARNING, protected(2)),
    ("CW-AVL-01", FAIL, protected(48, days=30)),
    ("CW-AVL-01", FAIL, database(BackupRetentionPeriod=1)),
    ("CW-AVL-02", PASS, each(protected(2), restored("SUCCESSFUL"))),
    ("CW-AVL-02", WARNING, each(protected(2), restored(None))),
    ("CW-AVL-02", FAIL, protected(2)),
    ("CW-AVL-03", PASS, database(MultiAZ=True)),
    ("CW-AVL-03", WARNING, database(tags={"environment": "test"})),
    ("CW-AVL-03", FAIL, database(tags={"environment": "production"})),
    ("CW-CHG-05", PASS, bucket(environment="production")),
    ("CW-CHG-05", WARNING, bucket(team="platform")),
    ("CW-CHG-05", FAIL, each(bucket(environment="production"), bucket("cedar-try", environment="staging"))),
    ("CW-DAT-01", PASS, each(bucket(), blocked(4))),
    ("CW-DAT-01", WARNING, each(bucket(), blocked(3))),
    ("CW-DAT-01", FAIL, each(bucket(), policy(Effect="Allow"))),
    ("CW-DAT-02", PASS, volume(encrypted=True, by_default=True)),
    ("CW-DAT-02", WARNING, volume(encrypted=True, by_default=False)),
    ("CW-DAT-02", FAIL, volume(encrypted=False, by_default=True)),
    (
        "CW-DAT-03",
        PASS,
        each(bucket(), policy(Effect="Deny", Condition={"Bool": {"aws:SecureTransport": "false"}})),
    ),
    ("CW-DAT-03", WARNING, bucket()),
    ("CW-DAT-04", PASS, encryption_key(rotated=True)),
    ("CW-DAT-04", WARNING, encryption_key(rotated=True, leaving=True)),
    ("CW-DAT-04", FAIL, encryption_key()),
    ("CW-DAT-05", PASS, function({"MODE": "fast"})),
    ("CW-DAT-05", WARNING, secret),
    ("CW-DAT-05", FAIL, function({"DB": f"postgres://root:{PASSWORD}@db/orders"})),
    ("CW-DAT-06", PASS, labelled(1, of=1)),
    ("CW-DAT-06", WARNING, labelled(9, of=10)),
    ("CW-DAT-06", FAIL, labelled(1, of=2)),
    ("CW-DAT-07", PASS, each(bucket(data_class="pii"), expiring(730))),
    ("CW-DAT-07", WARNING, each(bucket(data_class="pii"), expiring(30))),
    ("CW-DAT-07", FAIL, bucket(data_class="pii")),
    ("CW-PIN-02", PASS, queue(with_path=True)),
    ("CW-PIN-02", FAIL, queue(with_path=False)),
    ("CW-PIN-02", WARNING, failed_run(1)),
    ("CW-PIN-02", FAIL, failed_run(200)),
    ("CW-PIN-03", PASS, each(bucket(), versions)),
    ("CW-PIN-03", FAIL, bucket()),
    ("CW-PIN-03", WARNING, each(bucket(), versions, database(DeletionProtection=False))),
    ("CW-VUL-03", PASS, database(AutoMinorVersionUpgrade=True)),
    ("CW-VUL-03", WARNING, database(AutoMinorVersionUpgrade=False)),
    ("CW-VUL-03", FAIL, function({}, Runtime="python3.7")),
)
