"""Network and data access leave traces."""

from dataclasses import replace
from typing import Any

import pytest

from domain.compliance.answers import Answers
from domain.controls.cw_log_03 import CONTROL
from domain.facts.compliance import CheckStatus, Integration
from tests.factories.answers import answers, call
from tests.factories.judged import judged, verdicts

EMPTY_AWS: dict[str, Any] = {
    "ec2.describe_network_interfaces": {"NetworkInterfaces": []},
    "ec2.describe_flow_logs": {"FlowLogs": []},
    "ec2.describe_vpcs": {"Vpcs": []},
    "elbv2.describe_load_balancers": {"LoadBalancers": []},
    "wafv2.list_web_acls": {"WebACLs": []},
}
SETTINGS = (
    "s3.get_bucket_tagging",
    "s3.get_bucket_logging",
    "wafv2.get_logging_configuration",
    "elbv2.describe_load_balancer_attributes",
)


def account(*asked: Any, **pages: Any) -> Answers:
    """An account with nothing in it but what is named."""
    named = {one.operation for one in asked}
    lists = EMPTY_AWS | {f"ec2.describe_{name}": page for name, page in pages.items()}
    kept = [(operation, page) for operation, page in lists.items() if operation not in named]
    made = answers(Integration.AWS, *asked, *kept)
    return replace(made, whole=made.whole | set(SETTINGS))


def vpc(*logs: tuple[str, str]) -> Answers:
    flow_logs = [{"ResourceId": "v", "TrafficType": kind, "FlowLogStatus": status} for kind, status in logs]
    return account(
        network_interfaces={"NetworkInterfaces": [{"VpcId": "v"}]},
        flow_logs={"FlowLogs": [*flow_logs, {"ResourceId": "w", "TrafficType": "ALL", "FlowLogStatus": "ACTIVE"}]},
        vpcs={"Vpcs": [{"VpcId": "v"}, {"VpcId": "unused"}]},
    )


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        (vpc(("ALL", "ACTIVE")), "PASS"),
        (vpc(("ACCEPT", "ACTIVE"), ("REJECT", "ACTIVE")), "PASS"),
        (vpc(("REJECT", "ACTIVE")), "WARNING"),
        (vpc(("ALL", "INACTIVE")), "FAIL"),
        (vpc(), "FAIL"),
    ],
)
def test_used_network_of_aws_has_a_flow_log(read: Answers, expected: str) -> None:
    assert verdicts(judged(CONTROL, read)) == {"v": expected}


def balancer(is_on: str, scheme: str | None = "internet-facing") -> Answers:
    found = {"LoadBalancerArn": "b", **({"Scheme": scheme} if scheme else {})}
    return account(
        call("elbv2.describe_load_balancers", {"LoadBalancers": [found]}),
        call(
            "elbv2.describe_load_balancer_attributes",
            {"Attributes": [{"Key": "access_logs.s3.enabled", "Value": is_on}]},
            LoadBalancerArn="b",
        ),
    )


def acl(*pages: Any) -> Answers:
    return account(
        call("wafv2.list_web_acls", {"WebACLs": [{"ARN": "acl"}]}),
        *(call("wafv2.get_logging_configuration", page, ResourceArn="acl") for page in pages),
    )


def bucket(label: str, *pages: Any) -> Answers:
    return account(
        call("s3.get_bucket_tagging", {"TagSet": [{"Key": "data-class", "Value": label}]}, Bucket="s"),
        *(call("s3.get_bucket_logging", page, Bucket="s") for page in pages),
    )


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        (balancer("true"), {"b": "PASS"}),
        (balancer("false"), {"b": "FAIL"}),
        (balancer("false", "internal"), {}),
        (balancer("false", None), {}),
        (acl({"LoggingConfiguration": {"LogDestinationConfigs": ["arn:aws:firehose"]}}), {"acl": "PASS"}),
        (acl(), {"acl": "FAIL"}),
        (bucket("PII", {"LoggingEnabled": {"TargetBucket": "logs"}}), {"s": "PASS"}),
        (bucket("restricted", {}), {"s": "FAIL"}),
        (bucket("public", {}), {}),
    ],
)
def test_public_and_sensitive_things_of_aws_log(read: Answers, expected: dict[str, str]) -> None:
    said = judged(CONTROL, read)
    assert verdicts(said) == expected
    assert (said.status is CheckStatus.NOT_APPLICABLE) is (not expected)


def test_balancer_that_does_not_say_whether_it_logs_is_an_error() -> None:
    listed = {"LoadBalancers": [{"LoadBalancerArn": "b", "Scheme": "internet-facing"}]}
    silent = account(
        call("elbv2.describe_load_balancers", listed),
        call("elbv2.describe_load_balancer_attributes", {"Attributes": []}, LoadBalancerArn="b"),
    )
    assert judged(CONTROL, silent).status is CheckStatus.ERROR


NETWORK = "/subscriptions/s/virtualNetworks/n"


def subnet(name: str, *, used: bool = True, group: str | None = None) -> dict[str, Any]:
    return {
        "id": f"{NETWORK}/subnets/{name}",
        "properties": {
            "ipConfigurations": [{"id": "card"}] if used else [],
            "networkSecurityGroup": {"id": group} if group else None,
        },
    }


def subscription(subnets: list[Any], targets: dict[str, bool], stores: dict[str, list[Any]] | None = None) -> Answers:
    logs = [{"properties": {"targetResourceId": target, "enabled": on}} for target, on in targets.items()]
    operation = "GET Microsoft.Insights/diagnosticSettings"
    return answers(
        Integration.AZURE,
        ("GET Microsoft.Network/networkWatchers/flowLogs", {"value": logs}),
        ("GET Microsoft.Network/virtualNetworks", {"value": [{"id": NETWORK, "properties": {"subnets": subnets}}]}),
        call(operation, {"value": []}, id="/subscriptions/s"),
        *(call(operation, {"value": [{"properties": {"logs": on}}]}, id=id) for id, on in (stores or {}).items()),
    )


VAULT = "/subscriptions/s/providers/Microsoft.KeyVault/vaults/v"
STORE = "/subscriptions/s/providers/Microsoft.Storage/storageAccounts/a/blobServices/default"
ON, OFF = [{"enabled": True}], [{"enabled": False}]


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        (subscription([subnet("a")], {NETWORK.upper(): True}), {NETWORK: "PASS"}),
        (subscription([subnet("a")], {f"{NETWORK}/subnets/a": True}), {NETWORK: "PASS"}),
        (subscription([subnet("a", group="rules")], {"rules": True}), {NETWORK: "PASS"}),
        (subscription([subnet("a"), subnet("b", used=False)], {f"{NETWORK}/subnets/a": True}), {NETWORK: "PASS"}),
        (subscription([subnet("a"), subnet("b")], {f"{NETWORK}/subnets/a": True}), {NETWORK: "FAIL"}),
        (subscription([subnet("a")], {NETWORK: False}), {NETWORK: "FAIL"}),
        (subscription([subnet("a", used=False)], {}), {}),
        (subscription([], {}, {VAULT: ON, STORE: ON}), {VAULT: "PASS", STORE: "PASS"}),
        (subscription([], {}, {VAULT: ON, STORE: OFF}), {VAULT: "PASS", STORE: "WARNING"}),
        (subscription([], {}, {VAULT: [], STORE: OFF}), {VAULT: "FAIL", STORE: "FAIL"}),
    ],
)
def test_networks_and_stores_of_azure_are_recorded(read: Answers, expected: dict[str, str]) -> None:
    assert verdicts(judged(CONTROL, read)) == expected


def subnet_link(server: str) -> str:
    return f"https://{server}/compute/v1/projects/p/regions/r/subnetworks/s"


def project(subnets: list[Any], backends: list[Any] | None = None, *, used: bool = True) -> Answers:
    machine = {"networkInterfaces": [{"subnetwork": subnet_link("www.googleapis.com")}, {"network": "legacy"}]}
    return answers(
        Integration.GCP,
        (
            "compute.v1:instances.aggregatedList",
            {"items": {"zones/a": {"instances": [machine] if used else []}, "zones/b": {"warning": {}}}},
        ),
        (
            "compute.v1:subnetworks.list",
            {"items": {"regions/r": {"subnetworks": [{"selfLink": subnet_link("c"), **one} for one in subnets]}}},
        ),
        (
            "compute.v1:backendServices.list",
            {
                "items": {
                    "global": {
                        "backendServices": [{"selfLink": "https://c/projects/p/b", **one} for one in backends or []]
                    }
                }
            },
        ),
    )


def external(**config: Any) -> dict[str, Any]:
    return {"loadBalancingScheme": "EXTERNAL_MANAGED", **({"logConfig": config} if config else {})}


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        (project([{"logConfig": {"enable": True}}]), ["PASS"]),
        (project([{"logConfig": {"enable": True, "flowSampling": 0.49}}]), ["WARNING"]),
        (project([{"logConfig": {"enable": False}}]), ["FAIL"]),
        (project([{"purpose": "PRIVATE"}]), ["FAIL"]),
        (project([{"purpose": "REGIONAL_MANAGED_PROXY"}]), []),
        (project([{}], used=False), []),
        (project([], [external(enable=True)]), ["PASS"]),
        (project([], [external(enable=True, sampleRate=0.1)]), ["WARNING"]),
        (project([], [external()]), ["FAIL"]),
        (project([], [{"loadBalancingScheme": "INTERNAL"}]), []),
    ],
)
def test_used_subnets_and_external_backends_of_google_log(read: Answers, expected: list[str]) -> None:
    assert [item.verdict.value for item in judged(CONTROL, read).items] == expected


@pytest.mark.parametrize(
    ("sinks", "tags", "status"),
    [
        ([{"sink_type": "rsyslog"}], None, CheckStatus.PASS),
        ([], None, CheckStatus.FAIL),
        (None, ["env:production"], CheckStatus.FAIL),
        ([], ["env:test"], CheckStatus.NOT_APPLICABLE),
    ],
)
def test_databases_of_digitalocean_send_their_logs(sinks: Any, tags: Any, status: CheckStatus) -> None:
    operation = "GET /v2/databases/{database_cluster_uuid}/logsink"
    read = answers(
        Integration.DIGITALOCEAN,
        call(operation, {"sinks": sinks}, database_cluster_uuid="d"),
        ("GET /v2/databases", {"databases": [{"id": "d", "tags": tags}]}),
    )
    assert judged(CONTROL, read).status is status


@pytest.mark.parametrize("one", CONTROL.procedures, ids=lambda one: one.integration)
def test_nothing_is_said_of_what_was_not_read(one: Any) -> None:
    assert judged(CONTROL, answers(one.integration)).status is CheckStatus.ERROR
