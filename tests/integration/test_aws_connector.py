"""The AWS connector against moto, and against web servers that are not AWS."""

import itertools
import json
import socket
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import replace

import pytest

from connectors.clouds.aws import fields, registration
from connectors.reading.listing import Listing, Place, at
from connectors.reading.source import Identity
from domain.errors import (
    CredentialsRejected,
    Invalid,
    Misshapen,
    ProviderError,
    Throttled,
    Unavailable,
)
from domain.facts.aws_credentials import AwsCredentials
from domain.facts.inventory import GapCause, InventorySnapshot
from domain.facts.resource import ResourceKind
from domain.rules.judgement import Verdict, judge_inventory
from domain.rules.registry import all_rules, get_rule
from domain.rules.rule import RuleContext
from tests.factories.aws import NOW
from tests.factories.few_rules import RULES
from tests.fakes import aws_inventory as inventory
from tests.fakes.aws import Moto, answering, credentials, take_inventory
from tests.fakes.collecting import UNBOUNDED, reach, survey

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
FIVE_ROLES = Listing(operation=fields.call("iam.list_roles", "iam:ListRoles", page_size=5), items=at("Roles"))
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


async def identified(given: AwsCredentials, *, allow_private: bool = True) -> Identity:
    """Whose the credentials are."""
    way = reach() if allow_private else replace(reach(), allow_private_endpoint=False)
    async with registration.REGISTRATION.open(given, way) as source:
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

    assert snapshot.incomplete == ()
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


async def test_every_rule_of_aws_knows_enough_of_an_account_that_was_read_in_whole(moto: Moto):
    fill(moto)
    snapshot = await take_inventory(credentials(moto.url))

    judged = judge_inventory(all_rules(), snapshot, RuleContext(now=NOW))

    unknown = {one.rule.id for one in judged.judgements if one.verdict is Verdict.UNKNOWN}
    assert set(RULES) <= {one.rule.id for one in judged.judgements}
    assert unknown == set()


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


def roles(moto: Moto) -> list[str]:
    """The names of twelve roles that are made."""
    names = [f"role-{number:02}" for number in range(12)]
    for name in names:
        moto.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument="{}")
    return names


async def test_list_is_read_over_all_its_pages(moto: Moto):
    names = roles(moto)

    collected, report = await survey(registration.REGISTRATION, credentials(moto.url), [FIVE_ROLES])

    assert report.gaps == ()
    assert sorted(role["RoleName"] for raw in collected.answers for role in raw.answer["Roles"]) == names
    assert [len(raw.answer["Roles"]) for raw in collected.answers] == [5, 5, 2]


async def test_page_in_the_middle_of_a_list_can_be_asked_for_again(moto: Moto):
    names = roles(moto)
    place = Place(account_id="123456789012", region=None, now=NOW)
    found: list[str] = []

    async with (
        registration.REGISTRATION.open(credentials(moto.url), reach()) as source,
        aclosing(source.pages(FIVE_ROLES.operation, place, {})) as pages,
    ):
        async for page in pages:
            found += [role["RoleName"] for role in page["Roles"]]
            if len(found) == 5:
                moto.fail_once("iam.ListRoles", 400, "Throttling")

    assert sorted(found) == names
    assert moto.asked.count("iam.ListRoles") == 4  # three pages, and the second one twice


@pytest.mark.parametrize(("marker", "why"), [("{}", "goes on after 20 pages"), ("same", "the same page twice")])
async def test_endpoint_that_never_stops_paging_is_given_up(
    moto: Moto, monkeypatch: pytest.MonkeyPatch, marker: str, why: str
):
    monkeypatch.setattr("connectors.reading.part.MAX_PAGES", 20)
    pages = itertools.count()
    moto.answer("iam", "ListUsers", lambda: ENDLESS.replace("{}", marker.format(next(pages))))
    (users,) = [one for one in registration.REGISTRATION.listings if one.operation.name == "iam.list_users"]

    _, report = await survey(
        registration.REGISTRATION,
        credentials(moto.url),
        [replace(users, kind=None, parse=None, details=(), children=())],
    )

    (gap,) = report.gaps
    assert gap.cause is GapCause.CUT_SHORT
    assert why in gap.reason
    assert report.complete == frozenset()


async def test_progress_counts_up_to_what_was_expected(moto: Moto):
    fill(moto)
    seen: list[tuple[str, int, int]] = []

    async def note(service: str, done: int, expected: int) -> None:
        seen.append((service, done, expected))

    await inventory.fetch_inventory(
        credentials(moto.url, regions=TWO_REGIONS), on_progress=note, guard=reach().guard, allow_private_endpoint=True
    )

    parts = sum(2 if one.is_regional else 1 for one in registration.REGISTRATION.listings)
    assert [(done, expected) for _, done, expected in seen] == [(done, parts) for done in range(1, parts + 1)]
    assert {service for service, _, _ in seen} == {one.operation.service for one in registration.REGISTRATION.listings}


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

    assert FILLED & set(kinds(snapshot)) == {
        *IAM_KINDS,
        ResourceKind.AWS_S3_BUCKET,
        ResourceKind.AWS_CLOUDTRAIL_TRAIL,
    }
    (volumes,) = [gap for gap in snapshot.incomplete if gap.operation == "ec2.describe_volumes"]
    assert (volumes.region, volumes.unlisted) == ("us-east-1", (ResourceKind.AWS_EBS_VOLUME,))
    assert (volumes.cause, volumes.missing) == (GapCause.PERMISSION, "ec2:DescribeVolumes")
    assert volumes.reason.startswith("The permission ec2:DescribeVolumes is missing. Grant it to")


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


async def test_region_that_rejects_keys_accepted_elsewhere_is_a_gap(moto: Moto):
    moto.refuse("ec2", "DescribeInstances", 401, "AuthFailure")

    snapshot = await take_inventory(credentials(moto.url, regions=TWO_REGIONS))

    assert sorted(gap.region or "" for gap in snapshot.incomplete) == ["eu-west-1", "us-east-1"]
    assert all("the region may not be enabled" in gap.reason for gap in snapshot.incomplete)


async def test_unknown_regions_hide_everything_that_has_one(moto: Moto):
    fill(moto)
    moto.refuse("ec2", "DescribeRegions", 403, "UnauthorizedOperation")

    snapshot = await take_inventory(credentials(moto.url, regions=()))

    assert not snapshot.is_listed(ResourceKind.AWS_EC2_INSTANCE, "us-east-1")
    assert not snapshot.is_listed(ResourceKind.AWS_CLOUDTRAIL_TRAIL, "us-east-1")
    assert snapshot.is_listed(ResourceKind.AWS_IAM_USER, None)
    # the trail over many regions is on the list of the whole account
    assert FILLED & set(kinds(snapshot)) == {*IAM_KINDS, ResourceKind.AWS_CLOUDTRAIL_TRAIL}


async def test_answer_that_lacks_what_aws_always_gives_is_a_gap(moto: Moto):
    moto.answer("ec2", "DescribeVolumes", lambda: NAMELESS)

    snapshot = await take_inventory(credentials(moto.url, regions=("us-east-1",)))

    (gap,) = snapshot.incomplete
    assert gap.unlisted == (ResourceKind.AWS_EBS_VOLUME,)
    assert "without 'VolumeId'" in gap.reason


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (200, Misshapen),
        (301, Misshapen),
        (403, Misshapen),
        (404, Misshapen),
        (500, Unavailable),
        (503, Unavailable),
    ],
)
async def test_web_server_that_is_not_aws_is_said_not_to_be(status: int, kind: type[ProviderError]):
    with answering(status) as server:
        error = await verified(server.url)

    assert type(error) is kind
    assert server.url in error.message


async def test_throttled_account_is_tried_again_by_the_guard_alone():
    with answering(400, THROTTLED) as server:
        error = await verified(server.url)

    assert type(error) is Throttled
    assert error.is_retryable
    assert server.requests == UNBOUNDED.attempts


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
        await identified(credentials(moto.url), allow_private=False)

    assert refusal.value.path == ("endpoint_url",)
    assert [call for call in moto.calls if call.startswith("sts")] == []


async def test_name_that_leads_inside_is_refused_at_the_connection(monkeypatch: pytest.MonkeyPatch):
    look_up = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *rest, **more: look_up("127.0.0.1", *rest, **more))
    with answering(200) as server:
        public_name = server.url.replace("127.0.0.1", "sts.example.com")

        with pytest.raises(Unavailable, match=r"connections to 127\.0\.0\.1 are not allowed"):
            await identified(credentials(public_name), allow_private=False)

        assert server.requests == 0


async def test_host_no_client_can_be_made_for_is_bad_input():
    with pytest.raises(Invalid) as refusal:
        await identified(credentials("http://under_score.example.com"), allow_private=False)

    assert refusal.value.path == ("endpoint_url",)
