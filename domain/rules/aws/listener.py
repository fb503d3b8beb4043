"""Listeners of load balancers that speak versions of TLS nobody should."""

from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import Remedy, Reversible
from domain.remediation.step import Call, Step
from domain.rules.rule import Observation, Rule, RuleContext, fires, quiet

# Source: Elastic Load Balancing user guides, "Security policies"; all of these allow TLS 1.0 or 1.1.
OLD_POLICIES = frozenset(
    {
        "ELBSecurityPolicy-2015-05",
        "ELBSecurityPolicy-2016-08",
        "ELBSecurityPolicy-FS-1-1-2019-08",
        "ELBSecurityPolicy-FS-2018-06",
        "ELBSecurityPolicy-TLS-1-0-2015-04",
        "ELBSecurityPolicy-TLS-1-1-2017-01",
    }
)
# Of these families there is one for each lowest version: the FIPS and the quantum-safe ones stay what they are.
OLD_FAMILIES = ("ELBSecurityPolicy-TLS13-1-0-", "ELBSecurityPolicy-TLS13-1-1-")
FAMILY_OF_1_2 = "ELBSecurityPolicy-TLS13-1-2-"
SAFE_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"


def speaks_old_tls(listener: Resource, _: RuleContext) -> Observation | None:
    """Fires on an encrypted listener whose policy allows TLS 1.0 or 1.1."""
    policy = listener.config.get("SslPolicy") or ""
    is_encrypted = listener.config.get("Protocol") in ("HTTPS", "TLS")
    if not is_encrypted or not (policy in OLD_POLICIES or policy.startswith(OLD_FAMILIES)):
        return None
    return Observation(
        reason=f"Listener {listener.name} of {_balancer(listener)} accepts TLS 1.0 or 1.1 by its policy {policy}.",
        observed={"Protocol": listener.config["Protocol"], "SslPolicy": policy},
    )


def raise_policy(listener: Resource, _: RuleContext) -> tuple[Step, ...]:
    """One change of the policy; certificates and actions stay."""
    former = listener.config["SslPolicy"]
    family = next((one for one in OLD_FAMILIES if former.startswith(one)), None)
    wanted = former.replace(family, FAMILY_OF_1_2) if family else SAFE_POLICY
    back = _changed(listener, former, "back", f"Give listener {listener.name} the policy {former} again.")
    says = f"Give listener {listener.name} of {_balancer(listener)} the policy {wanted}: clients that speak nothing "
    return (_changed(listener, wanted, "raise", f"{says}newer than TLS 1.1 are refused.", back),)


def _changed(listener: Resource, policy: str, name: str, says: str, *undo: Step) -> Step:
    arguments = {"ListenerArn": listener.native_id, "SslPolicy": policy}
    call = Call(operation="elbv2.modify_listener", region=listener.region, arguments=arguments)
    return Step(name=name, says=says, call=call, undo=undo)


def _balancer(listener: Resource) -> str:
    """By its ARN, ...:listener/app/NAME/ID/ID."""
    return f"load balancer {listener.native_id.split('/')[2]}"


def _listener(protocol: str, policy: str | None) -> Resource:
    config: dict[str, Any] = {"Protocol": protocol, "Port": 443} | ({"SslPolicy": policy} if policy else {})
    return Resource(
        kind=ResourceKind.AWS_LISTENER,
        native_id="arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/shop/50dc/f2f7",
        name=f"{protocol} 443",
        region="us-east-1",
        config=config,
    )


OLD_TLS = Rule(
    id="aws-elb-old-tls",
    title="Load balancer accepts TLS 1.0 or 1.1",
    description="Both versions have been withdrawn. A policy from TLS 1.2 on refuses only clients older than 2013.",
    category=FindingCategory.SECOPS,
    severity=Severity.MEDIUM,
    risk=Risk.MEDIUM,
    applies_to=ResourceKind.AWS_LISTENER,
    permissions=("elasticloadbalancing:DescribeListeners", "elasticloadbalancing:DescribeLoadBalancers"),
    source="RFC 8996; AWS Security Hub ELB.17; Elastic Load Balancing user guide, Security policies",
    blind_spots="Which clients still come with an old version stands in the access logs and is not read. A policy "
    "whose name is not known is taken for a safe one. Classic load balancers are not read.",
    needs=("Protocol",),
    check=speaks_old_tls,
    group="encryption",
    remedy=Remedy(
        says="Gives the listener the policy that begins at TLS 1.2.",
        plan=raise_policy,
        reversible=Reversible.YES,
        permissions=("elasticloadbalancing:ModifyListener",),
    ),
    examples=(
        fires(_listener("HTTPS", "ELBSecurityPolicy-2016-08")),
        fires(_listener("TLS", "ELBSecurityPolicy-TLS13-1-0-FIPS-2023-04")),
        quiet(_listener("HTTPS", SAFE_POLICY)),
        quiet(_listener("HTTP", None)),
    ),
)
