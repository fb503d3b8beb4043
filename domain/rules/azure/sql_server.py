"""SQL servers that anybody can reach, or that keep no record."""

from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import Step
from domain.rules.azure_resource import GONE, kept, on
from domain.rules.rule import Observation, Rule, RuleContext, fires, quiet

FIREWALL = "Microsoft.Sql/servers/{serverName}/firewallRules/{firewallRuleName}"
AUDITING = "Microsoft.Sql/servers/{serverName}/auditingSettings/{blobAuditingPolicyName}"
EVERYBODY, ALL_OF_AZURE = ("0.0.0.0", "255.255.255.255"), ("0.0.0.0", "0.0.0.0")  # noqa: S104 - nothing listens here
RANGE = ("startIpAddress", "endIpAddress")
# What of the settings can be given. Source: Server Blob Auditing Policies - Create Or Update.
GIVEN = (
    *("state", "retentionDays", "auditActionsAndGroups", "isStorageSecondaryKeyInUse", "isAzureMonitorTargetEnabled"),
    *("isDevopsAuditEnabled", "isManagedIdentityInUse", "queueDelayMs", "storageAccountSubscriptionId"),
)


def lets_everybody_in(server: Resource, _: RuleContext) -> Observation | None:
    """Fires on firewall rules that let in the whole internet, or every customer of Azure."""
    open_rules = _open_rules(server)
    if not open_rules:
        return None
    is_worst = any(_range(rule) == EVERYBODY for rule in open_rules)
    who = "every address of the internet" if is_worst else "every machine in Azure, also those of others,"
    named = " and ".join(str(rule.get("name")) for rule in open_rules)
    return Observation(
        reason=f"SQL server {server.name} can be reached from {who} by the firewall rule {named}.",
        observed={"firewallRules": {str(rule.get("name")): _range(rule) for rule in open_rules}},
    )


def close(server: Resource, _: RuleContext) -> tuple[Step, ...]:
    """Those firewall rules go, and no others."""
    return tuple(_closed(server, number, rule) for number, rule in enumerate(_open_rules(server), start=1))


def keeps_no_record(server: Resource, _: RuleContext) -> Observation | None:
    """Fires where auditing is switched off."""
    if _auditing(server).get("state") != "Disabled":
        return None
    return Observation(reason=f"SQL server {server.name} keeps no audit record.", observed={"state": "Disabled"})


def audit(server: Resource, _: RuleContext) -> tuple[Step, ...]:
    """Auditing into Azure Monitor; what else is set stays."""
    former, setting = kept(_auditing(server), GIVEN), f"{server.native_id}/auditingSettings/default"
    if _auditing(server).get("storageEndpoint"):
        # Its key is never read, and without it the setting cannot be written back.
        raise NoPlan(f"The record of {server.name} went to a storage account before: switch auditing on by hand.")
    wanted = {**former, "state": "Enabled", "isAzureMonitorTargetEnabled": True}
    off = Step(
        name="switch-off",
        says=f"Switch auditing of {server.name} off again.",
        call=on(f"PUT {AUDITING}", setting, properties=former),
    )
    says = f"Switch auditing of the SQL server {server.name} on, with Azure Monitor as its target."
    return (Step(name="audit", says=says, call=on(f"PUT {AUDITING}", setting, properties=wanted), undo=(off,)),)


def _closed(server: Resource, number: int, rule: dict[str, Any]) -> Step:
    name, native_id = rule["name"], f"{server.native_id}/firewallRules/{rule['name']}"
    again = Step(
        name=f"open-{number}",
        says=f"Make the firewall rule {name} of {server.name} again.",
        call=on(f"PUT {FIREWALL}", native_id, properties=kept(rule["properties"], RANGE)),
    )
    first, last = _range(rule)
    return Step(
        name=f"close-{number}",
        says=f"Delete the firewall rule {name} of {server.name}, which lets in {first} to {last}.",
        call=on(f"DELETE {FIREWALL}", native_id),
        gone=GONE,
        undo=(again,),
    )


def _open_rules(server: Resource) -> list[dict[str, Any]]:
    rules = server.config.get("firewallRules") or ()
    return [rule for rule in rules if rule.get("name") and _range(rule) in (EVERYBODY, ALL_OF_AZURE)]


def _range(rule: dict[str, Any]) -> tuple[str, str]:
    properties = rule.get("properties") or {}
    return str(properties.get("startIpAddress")), str(properties.get("endIpAddress"))


def _auditing(server: Resource) -> dict[str, Any]:
    return (server.config.get("auditingSettings") or {}).get("properties") or {}


def _server(*ranges: tuple[str, str], **auditing: Any) -> Resource:
    rules = [
        {"name": f"rule{number}", "properties": {"startIpAddress": first, "endIpAddress": last}}
        for number, (first, last) in enumerate(ranges, start=1)
    ]
    return Resource(
        kind=ResourceKind.AZURE_SQL_SERVER,
        native_id="/subscriptions/s1/resourceGroups/rg1/providers/Microsoft.Sql/servers/sql1",
        name="sql1",
        config={"firewallRules": rules, "auditingSettings": {"properties": {"state": "Enabled", **auditing}}},
    )


_OFFICE = ("203.0.113.1", "203.0.113.9")

FIREWALL_OPEN = Rule(
    id="azure-sql-firewall-open",
    title="SQL server lets every address in",
    description="A server that everybody can reach has nothing but its passwords between its data and the internet.",
    category=FindingCategory.SECOPS,
    severity=Severity.CRITICAL,
    risk=Risk.HIGH,
    applies_to=ResourceKind.AZURE_SQL_SERVER,
    permissions=("Microsoft.Sql/servers/firewallRules/read", "Microsoft.Sql/servers/read"),
    source="CIS Azure Foundations, SQL ingress from any address; Firewall Rules - List By Server",
    blind_spots="Ranges that are wide but not whole are not judged. The rule 0.0.0.0, by which all of Azure comes in, "
    "is reported alike though it is less grave. Rules of single databases are not read.",
    needs=("firewallRules",),
    check=lets_everybody_in,
    group="network-exposure",
    remedy=Remedy(
        says="Deletes the firewall rules that let everybody in.",
        plan=close,
        reversible=Reversible.YES,
        permissions=("Microsoft.Sql/servers/firewallRules/delete", "Microsoft.Sql/servers/firewallRules/write"),
    ),
    examples=(
        fires(_server(_OFFICE, EVERYBODY)),
        fires(_server(ALL_OF_AZURE)),
        quiet(_server(_OFFICE)),
    ),
)

AUDITING_OFF = Rule(
    id="azure-sql-auditing",
    title="SQL server keeps no audit record",
    description="Without a record nobody can tell who read or changed what.",
    category=FindingCategory.SECOPS,
    severity=Severity.MEDIUM,
    risk=Risk.LOW,
    applies_to=ResourceKind.AZURE_SQL_SERVER,
    permissions=("Microsoft.Sql/servers/auditingSettings/read", "Microsoft.Sql/servers/read"),
    source="CIS Azure Foundations, SQL auditing; Server Blob Auditing Policies - Get",
    blind_spots="Databases may be audited one by one, which is not looked at. The record arrives only where a "
    "diagnostic setting of the master database says where to send it.",
    needs=("auditingSettings",),
    check=keeps_no_record,
    group="logging",
    remedy=Remedy(
        says="Switches auditing on, with Azure Monitor as its target.",
        plan=audit,
        reversible=Reversible.YES,
        permissions=("Microsoft.Sql/servers/auditingSettings/write",),
    ),
    examples=(
        fires(_server(state="Disabled", retentionDays=0, auditActionsAndGroups=[])),
        fires(_server(state="Disabled", storageEndpoint="https://cedarlogs.blob.core.windows.net")),
        quiet(_server()),
    ),
)
