"""What a stand-in AWS account has nothing of, and what it is not offered."""

from collections.abc import Callable
from typing import Any, NamedTuple

from tests.factories.aws_changes_of_bundles import (
    FILES,
    PHI,
    days_ago,
    edge,
    values,
)
from tests.factories.aws_changes_of_data import each
from tests.fakes.aws import Moto


class Unoffered(NamedTuple):
    """After `make` AWS does not offer what the control looks at; `said` is how that is told."""

    control: str
    make: Callable[[Moto], Any]
    said: str


def without_networks(moto: Moto) -> None:
    """The default network goes, and its group of rules with it; only then has an account no network at all."""
    ec2 = moto.client("ec2")
    for subnet in ec2.describe_subnets()["Subnets"]:
        ec2.delete_subnet(SubnetId=subnet["SubnetId"])
    for network in ec2.describe_vpcs()["Vpcs"]:
        ec2.delete_vpc(VpcId=network["VpcId"])


def unmeasured(moto: Moto) -> None:
    """A distribution was asked for things; without additional metrics CloudWatch has no values of what it kept."""
    edge(FILES, **values())(moto)
    requests = {"Label": "Requests.Sum", "Timestamps": [days_ago(1)], "Values": [100.0]}
    rates: dict[str, Any] = {"Label": "CacheHitRate.Average", "Timestamps": [], "Values": []}
    results = [
        {"Id": f"q0_0_{number}", "StatusCode": "Complete", **one} for number, one in enumerate((requests, rates))
    ]
    moto.say("cloudwatch.GetMetricData", {"MetricDataResults": results})


def without_macie(moto: Moto) -> None:
    """Macie was never on, which it says with the code of a missing permission."""
    for action in ("GetMacieSession", "GetAutomatedDiscoveryConfiguration", "ListFindings", "GetFindings"):
        moto.fail(f"macie2.{action}", 403, "AccessDeniedException", "Macie is not enabled.")


MACIE = "Amazon Macie switched on in the region"
# In an account without anything there is nothing for these to judge.
NOTHING_TO_JUDGE = (
    *("CW-AVL-01", "CW-AVL-02", "CW-AVL-03"),
    *("CW-DAT-01", "CW-DAT-02", "CW-DAT-03", "CW-DAT-04", "CW-DAT-05", "CW-DAT-06", "CW-DAT-07"),
    *("CW-IAM-02", "CW-IAM-05", "CW-IAM-06", "CW-IAM-11"),
    *("CW-LOG-02", "CW-LOG-03", "CW-LOG-06"),
    *("CW-NET-01", "CW-NET-02", "CW-NET-03", "CW-NET-04"),
    *("CW-PIN-01", "CW-PIN-02", "CW-PIN-03", "CW-RSK-02", "CW-VUL-01", "CW-VUL-03", "CW-VUL-04"),
    *("PS-CDN-01", "PS-CDN-02", "PS-CDN-04", "PS-CDN-05", "PS-CDN-07", "PS-CDN-08"),
    *("PS-TRF-04", "PS-TRF-05", "PS-TRF-06"),
    *("TC-PHI-01", "TC-PHI-02", "TC-PHI-03", "TC-PHI-04", "TC-PHI-05"),
    *("TC-PHI-06", "TC-PHI-07", "TC-PHI-08", "TC-PHI-09", "TC-PHI-10"),
)
UNOFFERED = (
    Unoffered("PS-CDN-01", unmeasured, "additional metrics are not on"),
    Unoffered("TC-PHI-01", each(PHI, without_macie), MACIE),
    Unoffered("TC-PHI-09", each(PHI, without_macie), MACIE),
)
