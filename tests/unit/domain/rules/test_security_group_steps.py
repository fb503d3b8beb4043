"""What is revoked of a security group is exactly the fault, and what is given back is exactly that."""

from domain.rules.aws import security_group as security_groups
from domain.rules.rule import RuleContext
from tests.factories.aws import NOW, permission, security_group

CONTEXT = RuleContext(now=NOW)
FRIEND = {"CidrIp": "10.0.0.0/8", "Description": "office"}
WORLD = {"CidrIp": "0.0.0.0/0", "Description": "for a day"}


def sent(step) -> list[dict]:
    return step.call.arguments["IpPermissions"]


def test_only_the_world_is_revoked_and_comes_back_with_its_words():
    shared = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [FRIEND, WORLD], "Ipv6Ranges": []}
    doors = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22}

    (step,) = security_groups.close_admin(security_group(shared, permission("tcp", 443, 443, "0.0.0.0/0")), CONTEXT)

    assert sent(step) == [{**doors, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    assert sent(step.undo[0]) == [{**doors, "IpRanges": [WORLD]}]
    assert step.says == "Stop tcp port 22 from 0.0.0.0/0 at sg-1."


def test_networks_and_groups_go_in_sets_of_their_own():
    pair = {"GroupId": "sg-2", "UserId": "123456789012", "VpcId": "vpc-1", "PeeringStatus": "active"}
    mixed = {"IpProtocol": "-1", "IpRanges": [FRIEND], "UserIdGroupPairs": [pair], "PrefixListIds": []}
    group = security_group(mixed).model_copy(update={"config": {"IpPermissions": [mixed], "IpPermissionsEgress": []}})

    (step,) = security_groups.empty(group, CONTEXT)

    assert sent(step.undo[0]) == [
        {"IpProtocol": "-1", "IpRanges": [FRIEND]},
        {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": "sg-2", "UserId": "123456789012"}]},
    ]
