"""EKS clusters that are billed for an old version, or whose interface anyone on the internet can reach."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import TOKEN, Call, Look, Step
from domain.rules.aws_extended_support import support_saving
from domain.rules.aws_platform_price import AWS_EKS_CLUSTER, AWS_EKS_EXTENDED
from domain.rules.list_price import HOURS_PER_MONTH, usd
from domain.rules.rule import Observation, Parameter, Rule, RuleContext, fires, quiet
from domain.support_ends import cluster_ends

# Such a cluster is moved on by AWS when standard support ends, and never billed for extended support.
NEVER_EXTENDED = "STANDARD"
EVERYWHERE = ("0.0.0.0/0", "::/0")


def is_past_support(cluster: Resource, context: RuleContext) -> Observation | None:
    """Fires on a cluster whose version is past standard support; the extended one costs five times as much on top. And
    on whatever version it is billed for.
    """
    version = cluster.config.get("version")
    until = _supported_until(version)
    ended = f"{until:%Y-%m-%d}" if until is not None and context.now >= until else None
    is_moved_on = (cluster.config.get("upgradePolicy") or {}).get("supportType") == NEVER_EXTENDED
    billed = support_saving(cluster, context)
    if not (billed or (ended and not is_moved_on)):
        return None
    why = f"which left standard support on {ended}" if ended else "for which extended support is billed"
    return Observation(
        reason=f"Cluster {cluster.name} runs Kubernetes {version}, {why}.",
        observed={"version": version, "standard_support_until": ended},
        **(billed or _listed_saving()),
    )


def _listed_saving() -> dict[str, Any]:
    return {
        "estimated_monthly_saving": usd(HOURS_PER_MONTH * (AWS_EKS_EXTENDED.usd - AWS_EKS_CLUSTER.usd)),
        "saving_formula": f"{HOURS_PER_MONTH} h * ({AWS_EKS_EXTENDED.usd} - {AWS_EKS_CLUSTER.usd}) USD",
    }


def _supported_until(version: str | None) -> datetime | None:
    try:
        ends = cluster_ends(version or "")
    except ValueError:  # no version as EKS prints them
        return None
    return ends and ends[0]


def upgrade(cluster: Resource, _: RuleContext) -> tuple[Step, ...]:
    """To the next minor version: EKS skips none, and nodes and add-ons have to follow before the one after it."""
    if cluster.config.get("status") != "ACTIVE":
        raise NoPlan(
            f"Cluster {cluster.name} is {cluster.config.get('status')}, and can be upgraded when it is active."
        )
    major, _, minor = cluster.config["version"].partition(".")
    wanted = f"{major}.{int(minor) + 1}"
    return (
        Step(
            name="upgrade",
            says=f"Upgrade the control plane of {cluster.name} from {cluster.config['version']} to {wanted}, for good.",
            call=Call(
                operation="eks.update_cluster_version",
                region=cluster.region,
                arguments={"name": cluster.config["name"], "version": wanted, "clientRequestToken": TOKEN},
            ),
            wait=_active(cluster),
        ),
    )


def is_reachable_by_anyone(cluster: Resource, _: RuleContext) -> Observation | None:
    """Fires when the interface of the cluster is public and open to every address."""
    network = cluster.config.get("resourcesVpcConfig") or {}
    opened = [one for one in network.get("publicAccessCidrs") or [] if one in EVERYWHERE]
    if not network.get("endpointPublicAccess") or not opened:
        return None
    return Observation(
        reason=f"Anyone on the internet can reach the interface of cluster {cluster.name}.",
        observed={"endpointPublicAccess": True, "publicAccessCidrs": network["publicAccessCidrs"]},
    )


def close_endpoint(cluster: Resource, context: RuleContext) -> tuple[Step, ...]:
    """Leaves the networks the tenant named; without any, closes the public way where there is a private one."""
    network, allowed = cluster.config["resourcesVpcConfig"], context.parameters["allowed_cidrs"]
    private = bool(network.get("endpointPrivateAccess"))
    wanted: dict[str, Any]
    if allowed:
        kept = [one for one in network["publicAccessCidrs"] if one not in EVERYWHERE]
        named = sorted({*kept, *allowed})
        wanted = {"endpointPublicAccess": True, "publicAccessCidrs": named}
        says = f"Let only {', '.join(named)} reach the public interface of {cluster.name}."
    elif private:
        wanted = {"endpointPublicAccess": False}
        says = f"Close the public interface of {cluster.name}; the one inside its network stays."
    else:
        raise NoPlan(
            f"Cluster {cluster.name} has no private interface, and no networks are named that may reach the public one."
        )
    back = {"endpointPublicAccess": True, "publicAccessCidrs": network["publicAccessCidrs"]}
    opened = _configured(cluster, "open", f"Let anyone reach the interface of {cluster.name} again.", back, private)
    return (_configured(cluster, "close", says, wanted, private).model_copy(update={"undo": (opened,)}),)


def _configured(cluster: Resource, name: str, says: str, network: dict[str, Any], private: bool) -> Step:
    return Step(
        name=name,
        says=says,
        call=Call(
            operation="eks.update_cluster_config",
            region=cluster.region,
            arguments={
                "name": cluster.config["name"],
                "resourcesVpcConfig": {**network, "endpointPrivateAccess": private},
                "clientRequestToken": TOKEN,
            },
        ),
        wait=_active(cluster),
    )


def _active(cluster: Resource) -> Look:
    return Look(
        call=Call(operation="eks.describe_cluster", region=cluster.region, arguments={"name": cluster.config["name"]}),
        path="cluster.status",
        ready=("ACTIVE",),
        failed=("FAILED",),
    )


CLUSTER = "arn:aws:eks:us-east-1:123456789012:cluster/shop"


def _cluster(version: str = "1.34", *cidrs: str, private: bool = False, **config: Any) -> Resource:
    network = {"endpointPublicAccess": True, "endpointPrivateAccess": private, "publicAccessCidrs": list(cidrs)}
    return Resource(
        kind=ResourceKind.AWS_EKS_CLUSTER,
        native_id=CLUSTER,
        name="shop",
        region="us-east-1",
        config={"name": "shop", "version": version, "status": "ACTIVE", "resourcesVpcConfig": network, **config},
    )


EXTENDED_SUPPORT = Rule(
    id="aws-eks-extended-support",
    title="Cluster is billed for extended support",
    description="A Kubernetes version past its 14 months of standard support costs six times as much an hour.",
    category=FindingCategory.FINOPS,
    severity=Severity.MEDIUM,
    risk=Risk.HIGH,
    applies_to=ResourceKind.AWS_EKS_CLUSTER,
    permissions=("eks:DescribeCluster", "eks:ListClusters"),
    source="EKS DescribeCluster; Amazon EKS user guide, Kubernetes versions; Amazon EKS pricing",
    blind_spots="Versions that came after 1.35 are not known here, and noticed by the bill alone. Whether workloads, "
    "nodes and add-ons bear the next version is not looked at. "
    "One upgrade may lead to a version that is past support too.",
    needs=("version",),
    check=is_past_support,
    group="modernise",
    remedy=Remedy(
        says="Upgrades the control plane by one minor version.",
        plan=upgrade,
        reversible=Reversible.NO,
        loses="EKS takes no cluster back to an earlier version.",
        permissions=("eks:UpdateClusterVersion",),
    ),
    examples=(
        # 730 h * (0.60 - 0.10) = 365.00
        fires(_cluster("1.32")),
        fires(_cluster("1.32", status="UPDATING")),
        # 30.4167 days of 12.00
        fires(_cluster("1.32"), support_bills={CLUSTER: usd(Decimal("365.00"))}),
        fires(_cluster("1.99"), support_bills={CLUSTER: usd(Decimal("365.00"))}),
        quiet(_cluster("1.34")),
        quiet(_cluster("1.32", upgradePolicy={"supportType": NEVER_EXTENDED})),
        quiet(_cluster("1.99")),
    ),
)

PUBLIC_ENDPOINT = Rule(
    id="aws-eks-public-endpoint",
    title="Anyone can reach the interface of the cluster",
    description="Whoever holds or guesses a credential of the cluster can use it from anywhere.",
    category=FindingCategory.SECOPS,
    severity=Severity.HIGH,
    risk=Risk.HIGH,
    applies_to=ResourceKind.AWS_EKS_CLUSTER,
    permissions=("eks:DescribeCluster", "eks:ListClusters"),
    source="AWS Security Hub EKS.1; EKS DescribeCluster",
    blind_spots="Networks that are large without being everything are not reported. Who uses the public interface now "
    "is not known: nodes and pipelines outside the network lose their way in unless they are named.",
    parameters=(Parameter(name="allowed_cidrs", default=(), meaning="Networks that may reach the public interface."),),
    needs=("resourcesVpcConfig",),
    check=is_reachable_by_anyone,
    group="network-exposure",
    remedy=Remedy(
        says="Lets only named networks reach the public interface, or closes it where there is a private one.",
        plan=close_endpoint,
        reversible=Reversible.YES,
        permissions=("eks:UpdateClusterConfig",),
    ),
    examples=(
        fires(_cluster("1.34", "0.0.0.0/0"), parameters={"allowed_cidrs": ("203.0.113.0/24",)}),
        fires(_cluster("1.34", "::/0", private=True), parameters={"allowed_cidrs": ()}),
        fires(_cluster("1.34", "0.0.0.0/0"), parameters={"allowed_cidrs": ()}),
        quiet(_cluster("1.34", "203.0.113.0/24"), parameters={"allowed_cidrs": ()}),
        quiet(_cluster(resourcesVpcConfig={"endpointPublicAccess": False}), parameters={"allowed_cidrs": ()}),
    ),
)
