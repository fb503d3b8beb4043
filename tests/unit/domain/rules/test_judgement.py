import pytest

from domain.facts.resource import Resource, ResourceKind
from domain.rules.judgement import Verdict, is_exempt, judge, judge_inventory
from domain.rules.registry import all_rules, get_rule
from domain.rules.rule import RuleContext
from tests.factories.aws import NOW, bucket, gap, instance, loose_volume, security_group, snapshot, volume

UNATTACHED = get_rule("aws-ebs-unattached")
ON_STOPPED = get_rule("aws-ebs-volume-on-stopped-instance")
DEFAULT_OPEN = get_rule("aws-sg-default-open")
PUBLIC = get_rule("aws-s3-bucket-public")


def context(**given):
    return RuleContext(now=NOW, **given)


def test_every_rule_is_tried_on_every_resource_of_its_kind():
    inventory = snapshot(loose_volume("vol-1"), volume("vol-2"), instance("i-1"))

    judged = judge_inventory(all_rules(), inventory, context())

    tried = {(one.rule.id, one.resource.native_id) for one in judged.judgements}
    there = {ResourceKind.AWS_EBS_VOLUME: ("vol-1", "vol-2"), ResourceKind.AWS_EC2_INSTANCE: ("i-1",)}
    assert tried == {(rule.id, id) for rule in all_rules() for id in there.get(rule.applies_to, ())}
    assert judged.rules == all_rules()


def test_resource_listed_twice_is_judged_once():
    judged = judge_inventory([UNATTACHED], snapshot(loose_volume(), loose_volume()), context())

    assert [one.verdict for one in judged.judgements] == [Verdict.FIRES]


def test_rule_sees_the_other_resources_of_the_account():
    inventory = snapshot(volume("vol-1"), instance("i-1", stopped=45))

    judged = judge_inventory([ON_STOPPED], inventory, context())

    assert [one.verdict for one in judged.judgements] == [Verdict.FIRES]


def test_tenant_chooses_parameters_for_each_rule():
    inventory = snapshot(loose_volume(age=20))

    lenient = judge_inventory([UNATTACHED], inventory, context(), {"aws-ebs-unattached": {"min_days": 30}})
    strict = judge_inventory([UNATTACHED], inventory, context(), {"another-rule-entirely": {"min_days": 30}})

    assert [one.verdict for one in lenient.judgements] == [Verdict.QUIET]
    assert [one.verdict for one in strict.judgements] == [Verdict.FIRES]


@pytest.mark.parametrize(
    ("region", "verdict"),
    [("us-east-1", Verdict.UNKNOWN), (None, Verdict.UNKNOWN), ("eu-west-1", Verdict.QUIET)],
    ids=["same region", "whole account", "another region"],
)
def test_silence_while_a_related_list_is_not_whole_proves_nothing(region, verdict):
    inventory = snapshot(volume(), gaps=(gap(ResourceKind.AWS_EC2_INSTANCE, region=region),))

    judged = judge_inventory([ON_STOPPED], inventory, context())

    assert [one.verdict for one in judged.judgements] == [verdict]


def test_rule_that_fires_for_the_lack_of_something_waits_for_the_whole_list():
    group = security_group().model_copy(update={"config": {"GroupName": "default", "IpPermissions": [{}]}})
    unread = snapshot(group, gaps=(gap(ResourceKind.AWS_NETWORK_INTERFACE, region="us-east-1"),))

    judged = [judge_inventory([DEFAULT_OPEN], one, context()).judgements[0] for one in (unread, snapshot(group))]

    assert [one.verdict for one in judged] == [Verdict.UNKNOWN, Verdict.FIRES]
    assert judged[0].observation is None


@pytest.mark.parametrize(("unread", "verdict"), [({"metrics"}, Verdict.UNKNOWN), ((), Verdict.QUIET)])
def test_silence_proves_nothing_where_what_only_some_resources_have_was_not_read(unread, verdict):
    config = {"properties": {"diskIOPSReadWrite": 500}, "sku": {"name": "StandardSSD_LRS"}}
    disk = Resource(kind=ResourceKind.AZURE_DISK, native_id="d", name="d", config=config, unread=frozenset(unread))

    assert judge(get_rule("azure-disk-premium-low-use"), disk, snapshot(disk), context()).verdict is verdict


def test_what_could_be_read_may_fire_though_something_else_could_not():
    readable = {"PublicAccessBlockConfiguration": None, "PolicyStatus": {"IsPublic": True}}
    half_read = bucket().model_copy(update={"config": readable})

    judgement = judge(PUBLIC, half_read, snapshot(half_read), context())

    assert judgement.verdict is Verdict.FIRES


@pytest.mark.parametrize(
    ("unlisted", "verdict"),
    [(ResourceKind.AWS_GUARDDUTY_DETECTOR, Verdict.UNKNOWN), (ResourceKind.AWS_SQS_QUEUE, Verdict.FIRES)],
)
def test_what_was_not_listed_in_whole_is_not_taken_for_missing(unlisted, verdict):
    here = {"region": "us-east-1", "config": {"RegionName": "us-east-1"}}
    region = Resource(kind=ResourceKind.AWS_REGION, native_id="us-east-1", name="us-east-1", **here)
    inventory = snapshot(region, instance(), gaps=(gap(unlisted, region="us-east-1"),))

    judged = judge_inventory([get_rule("aws-guardduty-off")], inventory, context())

    assert [one.verdict for one in judged.judgements] == [verdict]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("*", True),
        ("all", True),
        ("aws-ebs-unattached", True),
        ("AWS-EBS-Unattached", True),
        ("aws-ebs-gp2-to-gp3 aws-ebs-unattached", True),
        ("aws-ebs-gp2-to-gp3,aws-ebs-unattached", True),
        ("aws-ebs-gp2-to-gp3:aws-ebs-unattached", True),
        ("aws-ebs-gp2-to-gp3", False),
        ("aws-ebs-unattached-too", False),
        ("aws-ebs", False),
        ("", False),
    ],
)
def test_exemption_names_the_rules_it_is_for(value, expected):
    tagged = loose_volume(tags={"remediation-exempt": value})

    assert is_exempt(tagged, "aws-ebs-unattached") is expected


def test_other_tags_exempt_from_nothing():
    assert not is_exempt(loose_volume(tags={"remediation": "*", "exempt": "*"}), "aws-ebs-unattached")


@pytest.mark.parametrize(
    ("gaps", "verdict"),
    [((), Verdict.FIRES), ((gap(ResourceKind.AWS_BUDGET, region=None),), Verdict.UNKNOWN)],
    ids=["list is whole", "list is not"],
)
def test_what_is_missing_from_a_list_is_missed_only_when_the_list_is_whole(gaps, verdict):
    account = Resource(
        kind=ResourceKind.AWS_ACCOUNT, native_id="123456789012", name="shop", config={"Account": "123456789012"}
    )

    judged = judge_inventory([get_rule("aws-budget-missing")], snapshot(account, gaps=gaps), context())

    assert [one.verdict for one in judged.judgements] == [verdict]
