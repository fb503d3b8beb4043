from dataclasses import replace

import pytest

from domain.facts.finding import FindingState
from domain.facts.resource import ResourceKind
from domain.findings import FindingKey, KnownFinding, Resolution, ResolvedFinding, compare
from domain.rules.judgement import judge_inventory
from domain.rules.registry import get_rule
from domain.rules.rule import RuleContext
from tests.factories.aws import NOW, bucket, gap, loose_volume, snapshot, volume

ACCOUNT = "65f0c0ffee0000000000acc1"
UNATTACHED, PUBLIC = get_rule("aws-ebs-unattached"), get_rule("aws-s3-bucket-public")
KEY = FindingKey(ACCOUNT, UNATTACHED.id, "vol-1")
VOLUMES = ResourceKind.AWS_EBS_VOLUME


def known(state: FindingState, key: FindingKey = KEY, region: str | None = "us-east-1") -> KnownFinding:
    return KnownFinding(key=key, state=state, region=region)


def changes(*before: KnownFinding, now=(), gaps=(), rules=(UNATTACHED,)):
    judged = judge_inventory(rules, snapshot(*now, gaps=tuple(gaps)), RuleContext(now=NOW))
    return compare(ACCOUNT, before, judged)


def keys(findings) -> list[FindingKey]:
    return [finding.key for finding in findings]


def nothing(result) -> bool:
    return not (result.opened or result.refreshed or result.reopened or result.resolved)


def test_fault_seen_for_the_first_time_opens_a_finding():
    result = changes(now=[loose_volume()])

    assert keys(result.opened) == [KEY]
    assert result.opened[0].judgement.observation.reason.startswith("Volume vol-1")
    assert (result.refreshed, result.reopened, result.resolved) == ((), (), ())


@pytest.mark.parametrize("state", [FindingState.OPEN, FindingState.SUPPRESSED])
def test_fault_seen_again_refreshes_its_finding(state):
    result = changes(known(state), now=[loose_volume()])

    assert keys(result.refreshed) == [KEY]
    assert (result.opened, result.reopened, result.resolved) == ((), (), ())


def test_fault_that_comes_back_reopens_its_finding():
    result = changes(known(FindingState.RESOLVED), now=[loose_volume()])

    assert keys(result.reopened) == [KEY]
    assert (result.opened, result.refreshed, result.resolved) == ((), (), ())


@pytest.mark.parametrize("state", [FindingState.OPEN, FindingState.SUPPRESSED])
def test_fault_that_is_gone_resolves_its_finding(state):
    result = changes(known(state), now=[volume("vol-1")])

    assert [(one.key, one.resolution) for one in result.resolved] == [(KEY, Resolution.FIXED)]


def test_resource_that_is_gone_resolves_its_finding():
    result = changes(known(FindingState.OPEN), now=[volume("vol-2")])

    assert [(one.key, one.resolution) for one in result.resolved] == [(KEY, Resolution.GONE)]


def test_exemption_resolves_the_finding():
    result = changes(known(FindingState.OPEN), now=[loose_volume(tags={"remediation-exempt": "*"})])

    assert [(one.key, one.resolution) for one in result.resolved] == [(KEY, Resolution.EXEMPTED)]


@pytest.mark.parametrize("now", [[], [volume("vol-1")]], ids=["gone", "fixed"])
def test_resolved_finding_stays_resolved(now):
    assert nothing(changes(known(FindingState.RESOLVED), now=now))


@pytest.mark.parametrize("region", [None, "us-east-1"], ids=["whole account", "its region"])
def test_resource_that_may_merely_not_be_listed_resolves_nothing(region):
    assert nothing(changes(known(FindingState.OPEN), gaps=[gap(VOLUMES, region=region)]))


@pytest.mark.parametrize(
    "unread", [gap(VOLUMES, region="eu-west-1"), gap(ResourceKind.AWS_EC2_INSTANCE), gap()], ids=str
)
def test_gap_that_does_not_hide_the_resource_changes_nothing(unread):
    result = changes(known(FindingState.OPEN), gaps=[unread])

    assert [one.resolution for one in result.resolved] == [Resolution.GONE]


def test_detail_that_could_not_be_read_resolves_nothing():
    half_read = bucket()
    del half_read.config["PolicyStatus"]
    finding = known(FindingState.OPEN, FindingKey(ACCOUNT, PUBLIC.id, "invoices"))

    assert nothing(changes(finding, now=[half_read], rules=[PUBLIC]))


def test_rule_that_was_not_tried_leaves_its_findings_alone():
    finding = known(FindingState.OPEN, FindingKey(ACCOUNT, "aws-rule-of-tomorrow", "vol-1"))

    assert nothing(changes(finding, now=[volume("vol-1")]))


def test_findings_of_another_account_are_not_looked_at():
    finding = known(FindingState.OPEN, FindingKey("another account", UNATTACHED.id, "vol-1"))

    result = changes(finding, now=[loose_volume()])

    assert keys(result.opened) == [KEY]
    assert result.resolved == ()


def test_same_sync_twice_opens_once_and_then_only_refreshes():
    first = changes(now=[loose_volume("vol-1"), loose_volume("vol-2")])

    second = changes(
        *(known(FindingState.OPEN, key) for key in keys(first.opened)),
        now=[loose_volume("vol-1"), loose_volume("vol-2")],
    )

    assert keys(second.refreshed) == keys(first.opened)
    assert (second.opened, second.reopened, second.resolved) == ((), (), ())


def test_changes_come_in_key_order():
    result = changes(now=[loose_volume("vol-3"), loose_volume("vol-1"), loose_volume("vol-2")])

    assert [key.native_id for key in keys(result.opened)] == ["vol-1", "vol-2", "vol-3"]


def test_a_rule_that_is_switched_off_exempts_what_it_has_found_whatever_was_read():
    judged = replace(judge_inventory((PUBLIC,), snapshot(), RuleContext(now=NOW)), off=frozenset({UNATTACHED.id}))

    for state, is_over in ((FindingState.OPEN, True), (FindingState.SUPPRESSED, True), (FindingState.RESOLVED, False)):
        (*ended,) = compare(ACCOUNT, [known(state)], judged).resolved
        assert [(one.resolution, one.is_off) for one in ended] == [(Resolution.EXEMPTED, True)] * is_over


def test_what_is_over_says_why_unless_it_was_mended():
    says = [ResolvedFinding(KEY, resolution).says for resolution in Resolution]
    off = ResolvedFinding(KEY, Resolution.EXEMPTED, is_off=True).says

    assert says[0] is None
    assert [text.partition(":")[0] for text in (*says[1:], off)] == ["GONE", "EXEMPTED", "EXEMPTED"]
    assert "switched off" in off
