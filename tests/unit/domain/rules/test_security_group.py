import pytest

from domain.rules.aws import security_group as security_groups
from domain.rules.rule import RuleContext
from tests.factories.aws import NOW, permission, security_group

CONTEXT = RuleContext(now=NOW)
V4, V6 = "0.0.0.0/0", "::/0"


@pytest.mark.parametrize(
    ("protocol", "first", "last", "ports"),
    [
        ("tcp", 22, 22, [22]),
        ("tcp", 3389, 3389, [3389]),
        ("tcp", 20, 25, [22]),
        ("tcp", 22, 23, [22]),
        ("tcp", 21, 22, [22]),
        ("tcp", 0, 65535, [22, 3389]),
        ("6", 22, 22, [22]),
        ("udp", 3389, 3389, [3389]),
        ("-1", None, None, [22, 3389]),
        ("-1", 443, 443, [22, 3389]),  # with all protocols the ports mean nothing
        ("tcp", None, None, [22, 3389]),
        ("tcp", -1, -1, [22, 3389]),
    ],
)
@pytest.mark.parametrize("source", [V4, V6, "::0/0"])
def test_door_open_to_the_world_is_named_with_its_ports(protocol, first, last, ports, source):
    observation = security_groups.is_admin_open(security_group(permission(protocol, first, last, source)), CONTEXT)

    assert observation is not None
    assert observation.observed["ports"] == ports
    assert observation.observed["sources"] == [source]


@pytest.mark.parametrize(
    ("protocol", "first", "last"),
    [
        ("tcp", 443, 443),
        ("tcp", 23, 3388),
        ("tcp", 3390, 65535),
        ("tcp", 0, 21),
        ("icmp", 8, -1),
        ("icmp", 22, 22),  # a message type, not a port
        ("icmpv6", -1, -1),
        ("50", None, None),
    ],
)
def test_other_doors_may_be_open_to_the_world(protocol, first, last):
    assert security_groups.is_admin_open(security_group(permission(protocol, first, last, V4, V6)), CONTEXT) is None


@pytest.mark.parametrize("source", ["10.0.0.0/8", "203.0.113.7/32", "0.0.0.0/1", "2001:db8::/32", "not a network"])
def test_known_sources_may_reach_the_doors(source):
    assert security_groups.is_admin_open(security_group(permission("tcp", 22, 22, source)), CONTEXT) is None


def test_source_that_is_a_group_or_a_prefix_list_is_not_the_world():
    inside = {
        "IpProtocol": "-1",
        "UserIdGroupPairs": [{"GroupId": "sg-2"}],
        "PrefixListIds": [{"PrefixListId": "pl-1"}],
    }

    assert security_groups.is_admin_open(security_group(inside), CONTEXT) is None


def test_only_the_guilty_permissions_are_kept_for_the_record():
    fine, ssh, rdp = permission("tcp", 443, 443, V4), permission("tcp", 22, 22, V4), permission("tcp", 3389, 3389, V6)

    observation = security_groups.is_admin_open(security_group(fine, ssh, rdp), CONTEXT)

    assert observation.observed["permissions"] == [ssh, rdp]
    assert observation.observed["ports"] == [22, 3389]
    assert observation.observed["sources"] == [V4, V6]


def test_group_without_permissions_is_closed():
    assert security_groups.is_admin_open(security_group(), CONTEXT) is None
