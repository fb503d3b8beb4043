"""The AWS connector against moto, and against web servers that are not AWS."""

import itertools
import json
import socket
from collections.abc import Iterator

import pytest

from connectors.clouds.aws import inventory
from connectors.clouds.aws.registration import REGISTRATION
from connectors.reading.source import Identity
from domain.errors import (
    CredentialsRejected,
    Invalid,
    PermissionMissing,
    ProviderError,
    Throttled,
    Unavailable,
)
from domain.facts.aws_credentials import AwsCredentials
from domain.facts.inventory import InventorySnapshot
from domain.facts.resource import ResourceKind
from domain.rules.judgement import Verdict, judge_inventory
from domain.rules.registry import all_rules, get_rule
from domain.rules.rule import RuleContext
from tests.factories.aws import NOW
from tests.fakes.aws import Moto, answering, credentials, take_inventory
from tests.fakes.collecting import reach

IAM_KINDS = {ResourceKind.AWS_IAM_USER, ResourceKind.AWS_IAM_ACCESS_KEY}
# What `fill` makes, and what is there without it.
FILLED = {
    *IAM_KINDS,
    ResourceKind.AWS_S3_BUCKET,
    ResourceKind.AWS_EC2_INSTANCE,
    ResourceKind.AWS_EBS_VOLUME,
    ResourceKind.AWS_EC2_ADDRESS,
    ResourceKind.AWS_SECURITY_GROUP,
    ResourceKind.AWS_CLOUDTRAIL_TRAIL,
}
TWO_REGIONS = ("us-east-1", "eu-west-1")
THROTTLED = "<ErrorResponse><Error><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>"
# What the operations used here need, with EC2 left out.
WITHOUT_EC2 = ("cloudtrail:*", "iam:*", "s3:*", "sts:*")
LISTED = "".join(f"<item><regionName>{name}</regionName></item>" for name in ("eu-west-1", "us-east-1", "sa-east-1"))
THREE_REGIONS = f"<DescribeRegionsResponse><regionInfo>{LISTED}</regionInfo></DescribeRegionsResponse>"
NAMELESS = "<DescribeVolumesResponse><volumeSet><item><size>8</size></item></volumeSet></DescribeVolumesResponse>"
ENDLESS = """<ListUsersResponse><ListUsersResult><Users><member><UserName>a</UserName></member></Users>
<IsTruncated>true</IsTruncated><Marker>{}</Marker></ListUsersResult></ListUsersResponse>"""


@pytest.fixture(scope="module")
def running_moto() -> Iterator[Moto]:
    with Moto().served() as moto:
        yield moto


@pytest.fixture
def moto(running_moto: Moto) -> Moto:
    running_moto.reset()
    return running_moto


def fill(moto: Moto) -> None:
    """An account without a fault: one of each kind."""
    s3, ec2, iam, trails = (moto.client(service) for service in ("s3", "ec2", "iam", "cloudtrail"))
    s3.create_bucket(Bucket="cedar-trail")
    block = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
    s3.put_public_access_block(Bucket="cedar-trail", PublicAccessBlockConfiguration=block)
    disk = [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeType": "gp3", "VolumeSize": 30}}]
    machine = ec2.run_instances(
        ImageId="ami-0c101f26f147fa7fd", MinCount=1, MaxCount=1, InstanceType="t3.micro", BlockDeviceMappings=disk
    )["Instances"][0]
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    ec2.associate_address(AllocationId=address, InstanceId=machine["InstanceId"])
    iam.create_user(UserName="ops", Tags=[{"Key": "team", "Value": "platform"}])
    iam.create_login_profile(UserName="ops", Password="Stand-in-only-1")
    iam.create_access_key(UserName="ops")
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="ops")["VirtualMFADevice"]["SerialNumber"]
    codes = {"AuthenticationCode1": "123456", "AuthenticationCode2": "654321"}
    iam.enable_mfa_device(UserName="ops", SerialNumber=device, **codes)
    trails.create_trail(Name="main", S3BucketName="cedar-trail", IsMultiRegionTrail=True)
    trails.start_logging(Name="main")


def add_user(moto: Moto, *actions: str) -> AwsCredentials:
    """Keys of a new user who may do these things."""
    iam = moto.client("iam")
    iam.create_user(UserName="cloudwatcher")
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="cloudwatcher", PolicyName="read", PolicyDocument=policy)
    key = iam.create_access_key(UserName="cloudwatcher")["AccessKey"]
    return credentials(moto.url, access_key_id=key["AccessKeyId"], secret_access_key=key["SecretAccessKey"])


def kinds(snapshot: InventorySnapshot) -> dict[ResourceKind, int]:
    return {
        kind: sum(one.kind is kind for one in snapshot.resources) for kind in {one.kind for one in snapshot.resources}
    }


def told(snapshot: InventorySnapshot) -> set[str]:
    """The operations that could not be read, those aside that moto does not have."""
    return {gap.operation for gap in snapshot.incomplete} - set(aws_account.MISSING)


async def identified(given: AwsCredentials, *, allow_private: bool = True) -> Identity:
    """Whose the credentials are."""
    way = reach() if allow_private else replace(reach(), allow_private_endpoint=False)
    async with REGISTRATION.open(given, way) as source:
        return await source.identity()


async def verified(endpoint_url: str, **given: object) -> ProviderError:
    """The error that asking this endpoint ends in."""
    with pytest.raises(ProviderError) as refusal:
        await identified(credentials(endpoint_url, **given))
    return refusal.value


async def test_keys_belong_to_their_account(moto: Moto):
    identity = await identified(credentials(moto.url))

    assert (identity.native_id, identity.name) == ("123456789012", "123456789012")


async def test_account_is_called_by_its_alias(moto: Moto):
    moto.client("iam").create_account_alias(AccountAlias="cedar-production")

    assert (await identified(credentials(moto.url))).name == "cedar-production"


async def test_alias_that_may_not_be_read_is_done_without(moto: Moto):
    moto.fail("iam.ListAccountAliases", 403, "AccessDenied")

    assert (await identified(credentials(moto.url))).name == "123456789012"


async def test_role_is_assumed_with_its_external_id(moto: Moto):
    given = credentials(moto.url, role_arn="arn:aws:iam::111122223333:role/CloudWatcher", external_id="tenant-42")

    identity = await identified(given)

    assert identity.native_id == "111122223333"
    assert identity.principal == "arn:aws:sts::111122223333:assumed-role/CloudWatcher/cloudwatcher"


async def test_whole_account_is_read(moto: Moto):
    fill(moto)

    snapshot = await take_inventory(credentials(moto.url, regions=TWO_REGIONS))

    assert told(snapshot) == set()
    assert snapshot.account_native_id == "123456789012"
    assert {kind: count for kind, count in kinds(snapshot).items() if kind in FILLED} == {
        ResourceKind.AWS_S3_BUCKET: 1,
        ResourceKind.AWS_EC2_INSTANCE: 1,
        ResourceKind.AWS_EBS_VOLUME: 1,
        ResourceKind.AWS_EC2_ADDRESS: 1,
        ResourceKind.AWS_SECURITY_GROUP: 2,  # the default group of each region
        ResourceKind.AWS_IAM_USER: 1,
        ResourceKind.AWS_IAM_ACCESS_KEY: 1,
        ResourceKind.AWS_CLOUDTRAIL_TRAIL: 1,  # over many regions, and yet one
    }


async def test_every_rule_knows_enough_and_stays_quiet_on_an_account_without_fault(moto: Moto):
    fill(moto)
    snapshot = await take_inventory(credentials(moto.url))

    judged = judge_inventory(all_rules(), snapshot, RuleContext(now=NOW))

    assert {one.rule.id for one in judged.judgements} == {rule.id for rule in all_rules()}
    assert {one.verdict for one in judged.judgements} == {Verdict.QUIET}


async def test_regions_are_those_enabled_in_the_account_unless_chosen(moto: Moto):
    moto.answer("ec2", "DescribeRegions", lambda: THREE_REGIONS)

    snapshot = await take_inventory(credentials(moto.url, regions=()))

    with_default_group = {one.region for one in snapshot.resources if one.kind is ResourceKind.AWS_SECURITY_GROUP}
    assert with_default_group == {"eu-west-1", "us-east-1", "sa-east-1"}


async def test_bucket_outside_the_chosen_regions_is_left_out(moto: Moto):
    for region in ("eu-west-1", "ap-south-1"):
        place = {"LocationConstraint": region}
        moto.client("s3", region).create_bucket(Bucket=f"cedar-{region}", CreateBucketConfiguration=place)

    snapshot = await take_inventory(credentials(moto.url, regions=("eu-west-1",)))

    buckets = [one for one in snapshot.resources if one.kind is ResourceKind.AWS_S3_BUCKET]
    assert [(bucket.native_id, bucket.region) for bucket in buckets] == [("cedar-eu-west-1", "eu-west-1")]


async def test_list_is_read_over_all_its_pages(moto: Moto):
    names = [f"role-{number:02}" for number in range(12)]
    for name in names:
        moto.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument="{}")

    async with session.open_session(credentials(moto.url), allow_private_endpoint=True) as entered:
        reader = await entered.reader("iam", "us-east-1")
        roles = await reader.pages("list_roles", "Roles", page_size=5)  # moto cuts few lists into pages

    assert roles is not None
    assert sorted(role["RoleName"] for role in roles) == names
    assert moto.calls.count("iam:ListRoles") == 3


async def test_endpoint_that_never_stops_paging_is_given_up(moto: Moto, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("connectors.clouds.aws.session.MAX_PAGES", 20)
    pages = itertools.count()
    moto.answer("iam", "ListUsers", lambda: ENDLESS.format(next(pages)))

    async with session.open_session(credentials(moto.url), allow_private_endpoint=True) as entered:
        reader = await entered.reader("iam", "us-east-1")
        with pytest.raises(Unavailable, match="with more than 20 pages"):
            await reader.pages("list_users", "Users")


async def test_progress_counts_up_to_what_was_expected(moto: Moto):
    fill(moto)
    seen: list[tuple[str, int, int]] = []

    async def note(service: str, done: int, expected: int) -> None:
        seen.append((service, done, expected))

    await inventory.fetch_inventory(
        credentials(moto.url, regions=TWO_REGIONS), on_progress=note, allow_private_endpoint=True
    )

    # two regions of four EC2 lists and one trail list; the bucket list and one bucket; the user list and one user
    assert [done for _, done, _ in seen] == list(range(1, 15))
    assert seen[-1][2] == 14
    assert {service for service, _, _ in seen} == {"ec2", "s3", "iam", "cloudtrail"}


async def test_wrong_secret_is_rejected(moto: Moto):
    good = add_user(moto, *WITHOUT_EC2)
    moto.enforce_permissions()

    error = await verified(moto.url, access_key_id=good.access_key_id, secret_access_key="guessed")

    assert type(error) is CredentialsRejected
    assert "SignatureDoesNotMatch" in error.message
    assert "guessed" not in error.message


async def test_unknown_key_is_rejected(moto: Moto):
    moto.enforce_permissions()

    error = await verified(moto.url, access_key_id="AKIANOBODY")

    assert type(error) is CredentialsRejected


async def test_service_that_may_not_be_read_is_a_gap_and_the_others_go_on(moto: Moto):
    fill(moto)
    given = add_user(moto, *WITHOUT_EC2)
    moto.enforce_permissions()

    snapshot = await take_inventory(given)

    assert set(kinds(snapshot)) == GLOBAL_KINDS
    assert {(gap.service, gap.region, gap.unlisted) for gap in snapshot.incomplete} == {
        ("ec2", "us-east-1", (kind,)) for kind in EC2_KINDS
    }
    reasons = [gap.reason for gap in snapshot.incomplete]
    assert any(reason.startswith("The permission ec2:DescribeVolumes is missing. Grant the") for reason in reasons)


async def test_detail_that_may_not_be_read_is_a_gap_and_is_not_taken_for_absent(moto: Moto):
    fill(moto)
    moto.refuse("s3", "policyStatus", 403, "AccessDenied")

    snapshot = await take_inventory(credentials(moto.url))

    (gap,) = snapshot.incomplete
    (bucket,) = [one for one in snapshot.resources if one.kind is ResourceKind.AWS_S3_BUCKET]
    assert (gap.service, gap.unlisted) == ("s3", ())
    assert "s3:GetBucketPolicyStatus" in gap.reason
    assert "PolicyStatus" not in bucket.config
    assert bucket.config["PublicAccessBlockConfiguration"]["BlockPublicAcls"] is True


async def test_gap_of_many_resources_is_told_once_with_their_number(moto: Moto):
    for number in range(3):
        moto.client("s3").create_bucket(Bucket=f"cedar-{number}")
    moto.refuse("s3", "acl", 403, "AccessDenied")

    snapshot = await take_inventory(credentials(moto.url))

    (gap,) = snapshot.incomplete
    assert gap.reason.endswith("(3 times)")


async def test_unreadable_status_leaves_a_stopped_trail_unjudged(moto: Moto):
    fill(moto)
    moto.refuse("cloudtrail", "GetTrailStatus", 400, "AccessDeniedException")

    snapshot = await take_inventory(credentials(moto.url))

    judged = judge_inventory([get_rule("aws-cloudtrail-stopped")], snapshot, RuleContext(now=NOW))
    assert [one.verdict for one in judged.judgements] == [Verdict.UNKNOWN]


@pytest.mark.parametrize(
    ("service", "action", "hidden"),
    [
        ("ec2", "DescribeVolumes", {ResourceKind.AWS_EBS_VOLUME}),
        ("iam", "ListUsers", {ResourceKind.AWS_IAM_USER, ResourceKind.AWS_IAM_ACCESS_KEY}),
        ("iam", "ListAccessKeys", {ResourceKind.AWS_IAM_ACCESS_KEY}),
        ("s3", "location", {ResourceKind.AWS_S3_BUCKET}),
        ("cloudtrail", "DescribeTrails", {ResourceKind.AWS_CLOUDTRAIL_TRAIL}),
    ],
)
async def test_list_that_stays_throttled_hides_its_kinds_and_no_others(moto: Moto, service, action, hidden):
    fill(moto)
    moto.refuse(service, action, 400, "Throttling")

    snapshot = await take_inventory(credentials(moto.url))

    assert set(kinds(snapshot)) == (GLOBAL_KINDS | EC2_KINDS) - hidden
    assert {kind for gap in snapshot.incomplete for kind in gap.unlisted} == hidden
    assert {gap.service for gap in snapshot.incomplete} == {service}
    assert all("asks for fewer calls" in gap.reason for gap in snapshot.incomplete)


async def test_passing_throttle_is_waited_out(moto: Moto):
    fill(moto)

    def throttled_once() -> str:
        moto.orders.clear()
        return THROTTLED

    moto.answer("iam", "ListUsers", throttled_once, status=400)

    snapshot = await take_inventory(credentials(moto.url))

    assert snapshot.incomplete == ()
    assert moto.calls.count("iam:ListUsers") == 2


async def test_region_that_rejects_keys_accepted_elsewhere_is_a_gap(moto: Moto):
    moto.refuse("ec2", "DescribeInstances", 401, "AuthFailure")

    snapshot = await take_inventory(credentials(moto.url, regions=TWO_REGIONS))

    assert {gap.region for gap in snapshot.incomplete} == {"us-east-1", "eu-west-1"}
    assert all("the region may not be enabled" in gap.reason for gap in snapshot.incomplete)


async def test_unknown_regions_hide_everything_that_has_one(moto: Moto):
    fill(moto)
    moto.refuse("ec2", "DescribeRegions", 403, "UnauthorizedOperation")

    snapshot = await take_inventory(credentials(moto.url, regions=()))

    assert not snapshot.is_listed(ResourceKind.AWS_EC2_INSTANCE, "us-east-1")
    assert not snapshot.is_listed(ResourceKind.AWS_CLOUDTRAIL_TRAIL, "us-east-1")
    assert snapshot.is_listed(ResourceKind.AWS_IAM_USER, None)
    assert set(kinds(snapshot)) == {
        ResourceKind.AWS_S3_BUCKET,
        ResourceKind.AWS_IAM_USER,
        ResourceKind.AWS_IAM_ACCESS_KEY,
    }


async def test_answer_that_lacks_what_aws_always_gives_is_a_gap(moto: Moto):
    moto.answer("ec2", "DescribeVolumes", lambda: NAMELESS)

    snapshot = await take_inventory(credentials(moto.url, regions=("us-east-1",)))

    (gap,) = snapshot.incomplete
    assert gap.unlisted == (ResourceKind.AWS_EBS_VOLUME,)
    assert "without 'VolumeId'" in gap.reason


@pytest.mark.parametrize("status", [200, 301, 403, 404, 500, 503])
async def test_web_server_that_is_not_aws_is_said_to_be_unavailable(status: int):
    with answering(status) as server:
        error = await verified(server.url)

    assert type(error) is Unavailable
    assert server.url in error.message


async def test_throttled_account_is_asked_a_few_times_and_no_more():
    with answering(400, THROTTLED) as server:
        error = await verified(server.url)

    assert type(error) is Throttled
    assert error.is_retryable
    assert server.requests == session.ATTEMPTS


async def test_permission_missing_at_the_door_is_named():
    refused = THROTTLED.replace("Throttling", "AccessDenied")
    with answering(403, refused) as server:
        error = await verified(server.url)

    assert type(error) is PermissionMissing
    assert error.message == "The permission sts:GetCallerIdentity is missing."


async def test_endpoint_where_nobody_listens_is_unavailable():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"

        error = await verified(url)

    assert type(error) is Unavailable
    assert url in error.message


async def test_endpoint_whose_name_does_not_exist_is_unavailable():
    error = await verified("http://sts.nothing.invalid")

    assert type(error) is Unavailable


async def test_redirect_to_instance_metadata_is_not_followed():
    with answering(302, "", Location="http://169.254.169.254/latest/meta-data/") as server:
        error = await verified(server.url)

    assert type(error) is Unavailable
    assert "connections to 169.254.169.254 are not allowed" in error.message


async def test_private_endpoint_is_refused_where_it_is_not_allowed(moto: Moto):
    with pytest.raises(Invalid) as refusal:
        await session.verify(credentials(moto.url))

    assert refusal.value.path == ("endpoint_url",)
    assert [call for call in moto.calls if call.startswith("sts")] == []


async def test_name_that_leads_inside_is_refused_at_the_connection(monkeypatch: pytest.MonkeyPatch):
    look_up = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *rest, **more: look_up("127.0.0.1", *rest, **more))
    with answering(200) as server:
        public_name = server.url.replace("127.0.0.1", "sts.example.com")

        with pytest.raises(Unavailable, match=r"connections to 127\.0\.0\.1 are not allowed"):
            await session.verify(credentials(public_name))

        assert server.requests == 0


async def test_host_no_client_can_be_made_for_is_bad_input():
    with pytest.raises(Invalid) as refusal:
        await session.verify(credentials("http://under_score.example.com"))

    assert refusal.value.path == ("endpoint_url",)
