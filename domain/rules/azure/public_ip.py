"""Public addresses that are billed without use."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import Remedy, Reversible
from domain.remediation.step import Step
from domain.rules.azure_resource import GONE, on, own, whole_bill
from domain.rules.list_price import AZURE_PUBLIC_IP, HOURS_PER_MONTH, usd
from domain.rules.rule import EXAMPLE_NOW, Observation, Parameter, Rule, RuleContext, fires, quiet

# What names the user of an address: a configuration, a NAT gateway, or the address that stands for it elsewhere.
USERS = ("ipConfiguration", "natGateway", "servicePublicIPAddress", "linkedPublicIPAddress")


def is_unassociated(address: Resource, context: RuleContext) -> Observation | None:
    """Fires on an address in no use; for at least `min_days` where CloudWatcher knows since when."""
    # Azure leaves the fields of an unused address out, so first make sure that the address was read at all.
    if not own(address) or any(own(address).get(user) for user in USERS):
        return None
    since = context.changed_at.get(address.native_id)
    if since is not None and context.now - since <= context.days("min_days"):
        return None
    seen = f"since {since:%Y-%m-%d}" if since else "for as long as CloudWatcher knows it"
    return Observation(
        reason=f"Public address {address.name} has been used by nothing {seen}.",
        observed={"ipAddress": own(address).get("ipAddress"), "since": since.isoformat() if since else None},
        **_saving(address, context),
    )


def delete(address: Resource, _: RuleContext) -> tuple[Step, ...]:
    """The address goes back to Azure."""
    number = own(address).get("ipAddress") or "without a number"
    return (
        Step(
            name="delete",
            says=f"Delete the public address {address.name} ({number}). The number cannot be had again.",
            call=on("DELETE Microsoft.Network/publicIPAddresses/{publicIpAddressName}", address.native_id),
            gone=GONE,
        ),
    )


def _saving(address: Resource, context: RuleContext) -> dict[str, Any]:
    """The bill, else the list price of a standard static address that is not paid for with its prefix."""
    billed = whole_bill(address, context)
    is_standard = (address.config.get("sku") or {}).get("name") == "Standard"
    is_static = own(address).get("publicIPAllocationMethod") == "Static"
    if billed or not (is_standard and is_static) or own(address).get("publicIPPrefix"):
        return billed
    price = AZURE_PUBLIC_IP.usd
    formula = f"{HOURS_PER_MONTH} hours * {price} USD"
    return {"estimated_monthly_saving": usd(HOURS_PER_MONTH * price), "saving_formula": formula}


def _address(**fields: Any) -> Resource:
    properties = {"ipAddress": "203.0.113.7", "publicIPAllocationMethod": "Static", **fields}
    return Resource(
        kind=ResourceKind.AZURE_PUBLIC_IP,
        native_id="/subscriptions/s1/resourceGroups/rg1/providers/Microsoft.Network/publicIPAddresses/front",
        name="front",
        config={"sku": {"name": "Standard"}, "properties": properties},
    )


_A_WEEK = {"min_days": 7}


def _changed(days: int) -> dict[str, Any]:
    return {_address().native_id: EXAMPLE_NOW - timedelta(days=days)}


UNASSOCIATED = Rule(
    id="azure-public-ip-unassociated",
    title="Public address is used by nothing",
    description="A static public address is billed by the hour, used or not.",
    category=FindingCategory.FINOPS,
    severity=Severity.LOW,
    risk=Risk.HIGH,
    applies_to=ResourceKind.AZURE_PUBLIC_IP,
    permissions=("Microsoft.Network/publicIPAddresses/read",),
    source="Public IP Addresses - List All (ipConfiguration, natGateway); Azure IP addresses pricing",
    blind_spots="Azure does not say since when an address is unused. The days are counted from the change that "
    "CloudWatcher saw; an address that was unused at the first look is reported at once. Who counts on the number, for "
    "example in a firewall elsewhere, cannot be seen.",
    parameters=(Parameter(name="min_days", default=7, meaning="Days an address may be unused."),),
    needs=("properties",),
    check=is_unassociated,
    group="unattached",
    remedy=Remedy(
        says="Deletes the address.",
        plan=delete,
        reversible=Reversible.NO,
        loses="The number goes back to Azure and cannot be had again.",
        permissions=("Microsoft.Network/publicIPAddresses/delete",),
    ),
    examples=(
        # 730 hours * 0.005 USD = 3.65 USD.
        fires(_address(), parameters=_A_WEEK),
        fires(_address(), parameters=_A_WEEK, changed_at=_changed(8)),
        fires(_address(), parameters=_A_WEEK, bills={_address().native_id: usd(Decimal("2.92"))}),
        fires(_address(publicIPPrefix={"id": "p1"}), parameters=_A_WEEK),
        quiet(_address(), parameters=_A_WEEK, changed_at=_changed(6)),
        quiet(_address(ipConfiguration={"id": "i1"}), parameters=_A_WEEK),
        quiet(_address(natGateway={"id": "n1"}), parameters=_A_WEEK),
    ),
)
