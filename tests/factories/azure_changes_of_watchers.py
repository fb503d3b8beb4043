"""What watches a subscription in Azure, and what controls say of it: logs, alerts, Defender and what it has found."""

from collections.abc import Sequence
from typing import Any

from tests.factories.azure_change import FAIL, GROUP, NOBODY, NOTHING, PASS, WARNING, Change, ago, id_of
from tests.factories.azure_changes_of_data import STORES, store, vault
from tests.fakes.azure import ROOT, SUBSCRIPTION, refused, thing
from tests.fakes.azure_told import Says

SETTINGS, WORKSPACES = "providers/Microsoft.Insights/diagnosticSettings", "Microsoft.OperationalInsights/workspaces"
NETWORKS, WATCHERS = "Microsoft.Network/virtualNetworks", "Microsoft.Network/networkWatchers"
ALERTS, GROUPS = "Microsoft.Insights/activityLogAlerts", "Microsoft.Insights/actionGroups"
PLANS, ASSESSMENTS = "Microsoft.Security/pricings", "Microsoft.Security/assessments"
MACHINES, CONTAINERS = "Microsoft.Compute/virtualMachines", "blobServices/default/containers"
OF_STORE, OF_VAULT = f"store1/blobServices/default/{SETTINGS}", f"vault1/{SETTINGS}"
EVERYTHING = ("VirtualMachines", "SqlServers", "StorageAccounts", "KeyVaults", "Containers", "Arm")
NEVER_ON = refused("Subscription Not Registered", "Please register to Microsoft.Security.", 409)
CHANGES_TO = {
    "policy": "Microsoft.Authorization/policyAssignments/write",
    "role": "Microsoft.Authorization/roleAssignments/write",
    "network": "Microsoft.Network/networkSecurityGroups/write",
    "vault": "Microsoft.KeyVault/vaults/write",
}
MAIL = {"name": "on-call", "emailAddress": "on-call@example.com", "useCommonAlertSchema": True}


def sent(*categories: str, by: str = "category") -> dict[str, Any]:
    """A diagnostic setting that sends these categories, or groups of them, to a workspace."""
    logs = [{"category": None, "categoryGroup": None, "enabled": True, by: one} for one in categories]
    own = {"workspaceId": id_of(WORKSPACES, "logs1"), "logs": logs, "metrics": []}
    return {"id": "d1", "name": "to-workspace", "properties": own}


def exported(*categories: str, by: str = "category") -> Says:
    """The activity log of the subscription."""
    return {f"{SUBSCRIPTION}/{SETTINGS}": [sent(*categories, by=by)]}


def workspace(days: int) -> Says:
    own = {"retentionInDays": days, "sku": {"name": "PerGB2018"}}
    return {WORKSPACES: [thing(WORKSPACES, "logs1", properties=own)]}


def archive(days: int, state: str = "Locked") -> Says:
    """A container that Azure archives logs in, sealed for so many days; it is not for none."""
    sealed = {"immutabilityPeriodSinceCreationInDays": days, "state": state, "allowProtectedAppendWrites": True}
    policy = {"immutabilityPolicy": {"etag": '"8d5"', "properties": sealed, "updateHistory": []}} if days else {}
    own = {"publicAccess": "None", "hasImmutabilityPolicy": bool(days), "hasLegalHold": False, **policy}
    parent = f"{id_of(STORES, 'store1')}/blobServices/default"
    made = thing("containers", "insights-activity-logs", parent=parent, properties=own)
    return store() | {CONTAINERS: [{key: value for key, value in made.items() if key not in ("location", "tags")}]}


def networks(*recorded: bool) -> Says:
    """Networks with something in them, and flow logs for those whose flows are recorded."""
    watcher = thing(WATCHERS, "watcher")
    logs = [
        thing("flowLogs", f"flow{number}", parent=watcher["id"], properties={"targetResourceId": one, "enabled": True})
        for number, is_recorded in enumerate(recorded)
        if is_recorded and (one := id_of(NETWORKS, f"net{number}"))
    ]
    made = [_network(f"net{number}") for number in range(len(recorded))]
    return {NETWORKS: made, WATCHERS: [watcher], "watcher/flowLogs": logs}


def _network(name: str) -> dict[str, Any]:
    used = [{"id": f"{id_of('Microsoft.Network/networkInterfaces', name)}/ipConfigurations/main"}]
    parent = id_of(NETWORKS, name)
    below = {"id": f"{parent}/subnets/apps", "name": "apps", "properties": {"ipConfigurations": used}}
    return thing(NETWORKS, name, properties={"subnets": [below]})


def plans(*names: str, **extensions: bool) -> Says:
    """Plans of Defender that are bought, among those that are not."""
    known = (*EVERYTHING, "CloudPosture")
    return {PLANS: [_plan(one, is_on=one in names, extensions=extensions) for one in known]}


def _plan(name: str, *, is_on: bool, extensions: dict[str, bool]) -> dict[str, Any]:
    more: dict[str, Any] = {}
    if is_on and name == "VirtualMachines":
        more = {"subPlan": "P2"}
    if is_on and name == "CloudPosture":
        more = {"extensions": [{"name": one, "isEnabled": str(on)} for one, on in extensions.items()]}
    tier = {"pricingTier": "Standard" if is_on else "Free", "freeTrialRemainingTime": "PT0S"}
    return {"id": f"{ROOT}/providers/{PLANS}/{name}", "name": name, "type": PLANS, "properties": {**tier, **more}}


def alerts(*changes: str, is_on: bool = True, scope: str = ROOT, told: Sequence[dict[str, Any]] = (MAIL,)) -> Says:
    """Alerts for these changes, that tell an action group with these receivers of mail."""
    group = {"groupShortName": "on-call", "enabled": True, "emailReceivers": [*told], "smsReceivers": []}
    return {
        GROUPS: [thing(GROUPS, "on-call", location="Global", properties=group)],
        ALERTS: [_alert(one, is_on=is_on, scope=scope) for one in changes],
    }


def _alert(change: str, *, is_on: bool, scope: str) -> dict[str, Any]:
    asked = [
        {"field": "category", "equals": "Administrative"},
        {"field": "operationName", "equals": CHANGES_TO[change]},
    ]
    own = {"scopes": [scope], "condition": {"allOf": asked}, "enabled": is_on}
    tells = {"actions": {"actionGroups": [{"actionGroupId": id_of(GROUPS, "on-call")}]}}
    return thing(ALERTS, change, location="Global", properties={**own, **tells})


def assessed(days: float, severity: str = "High", code: str = "Unhealthy") -> Says:
    """Something that Defender has found so many days ago, with Defender on."""
    native_id = f"{id_of(MACHINES, 'vm1')}/providers/{ASSESSMENTS}/a1"
    status = {"code": code, "firstEvaluationDate": ago(300), "statusChangeDate": ago(days)}
    where = {"resourceDetails": {"source": "Azure", "id": id_of(MACHINES, "vm1")}}
    own = {"displayName": "Machines should have vulnerability findings resolved", "status": status, **where}
    row = {"id": native_id.lower(), "properties": {"status": status, "severity": severity, **where}}
    found = {"id": native_id, "name": "a1", "type": ASSESSMENTS, "properties": own}
    return plans("VirtualMachines", "Containers") | {ASSESSMENTS: [found], "securityresources": [row]}


def patched(days: float, *, critical: int = 0, security: int = 0, status: str = "Succeeded") -> Says:
    """A machine that was looked at so many days ago, with so many patches to come."""
    counts = {"critical": critical, "security": security, "other": 4}
    own = {"status": status, "lastModifiedDateTime": ago(days), "availablePatchCountByClassification": counts}
    native_id = f"{id_of(MACHINES, 'vm1')}/patchAssessmentResults/latest".lower()
    return machine() | {"patchassessmentresources": [{"id": native_id, "properties": own}]}


def machine() -> Says:
    return {MACHINES: [thing(MACHINES, "vm1", properties={})]}


def scanned(*, uploads: bool) -> Says:
    """A storage account by whether what is put into it is scanned."""
    scanning = {"onUpload": {"isEnabled": uploads, "capGBPerMonth": 5000}}
    return store() | {"defenderForStorageSettings/current": {"properties": {"malwareScanning": scanning}}}


FOUR = ("Administrative", "Security", "Policy", "Alert")
LOGS = (
    Change("CW-LOG-01", PASS, exported(*FOUR), SUBSCRIPTION, "all of Administrative"),
    Change("CW-LOG-01", PASS, exported("allLogs", by="categoryGroup"), SUBSCRIPTION, "all of Administrative"),
    Change("CW-LOG-01", WARNING, exported(*FOUR[:3]), SUBSCRIPTION, "no Alert"),
    Change("CW-LOG-01", FAIL, exported("Administrative"), SUBSCRIPTION, "no Security, Policy, Alert"),
    Change("CW-LOG-01", FAIL, NOBODY, SUBSCRIPTION, "no Administrative"),
    Change("CW-LOG-02", PASS, archive(400), "insights-activity-logs", "sealed for 400 days"),
    Change("CW-LOG-02", PASS, workspace(400), "logs1", "kept for 400 days"),
    Change("CW-LOG-02", WARNING, archive(0) | workspace(100), "logs1", "and the archive can be altered"),
    Change("CW-LOG-02", WARNING, archive(400, "Unlocked") | workspace(100), "activity-logs", "sealed for 0 days"),
    Change("CW-LOG-02", FAIL, archive(30), "insights-activity-logs", "sealed for 30 days, 0 days at hand"),
    Change("CW-LOG-02", FAIL, workspace(30), "logs1", "kept for 30 days"),
    Change("CW-LOG-02", NOTHING, NOBODY),
    Change("CW-LOG-03", PASS, networks(True), "net0", "flows recorded"),
    Change("CW-LOG-03", PASS, vault() | {OF_VAULT: [sent("AuditEvent")]}, "vault1", "access logged"),
    Change("CW-LOG-03", WARNING, networks(True, False), "net1", "flows not recorded"),
    Change(
        "CW-LOG-03",
        WARNING,
        vault() | store() | {OF_STORE: [sent("StorageRead")]},
        "vault1",
        "access not logged",
    ),
    Change("CW-LOG-03", FAIL, networks(False), "net0", "flows not recorded"),
    Change("CW-LOG-03", FAIL, store(), "store1/blobServices/default", "access not logged"),
    Change("CW-LOG-03", NOTHING, NOBODY),
    Change("CW-LOG-05", PASS, alerts("policy", "role", "network", "vault"), SUBSCRIPTION, "all of policy, role"),
    Change("CW-LOG-05", WARNING, alerts("policy", "role", "network"), SUBSCRIPTION, "no key vault"),
    Change("CW-LOG-05", FAIL, alerts("policy", "role"), SUBSCRIPTION, "no network, key vault"),
    Change("CW-LOG-05", FAIL, alerts(*CHANGES_TO, is_on=False), SUBSCRIPTION, "no policy"),
    Change("CW-LOG-05", FAIL, alerts(*CHANGES_TO, scope=GROUP), SUBSCRIPTION, "no policy"),
    Change("CW-LOG-05", FAIL, alerts(*CHANGES_TO, told=()), SUBSCRIPTION, "no policy"),
)
DEFENDER = (
    Change("CW-LOG-04", PASS, plans(*EVERYTHING), SUBSCRIPTION, "all of VirtualMachines"),
    Change("CW-LOG-04", WARNING, plans(*EVERYTHING[:5]), SUBSCRIPTION, "no Arm"),
    Change("CW-LOG-04", FAIL, plans(), SUBSCRIPTION, "no VirtualMachines"),
    Change("CW-LOG-04", FAIL, {PLANS: NEVER_ON}, SUBSCRIPTION, "no VirtualMachines"),
    Change("CW-PRV-03", PASS, plans("CloudPosture", SensitiveDataDiscovery=True), SUBSCRIPTION, "data is on"),
    Change("CW-PRV-03", WARNING, plans("CloudPosture", SensitiveDataDiscovery=False), SUBSCRIPTION, "data is off"),
    Change("CW-PRV-03", FAIL, plans("Arm"), SUBSCRIPTION, "the posture plan is off"),
    Change("CW-VUL-01", PASS, assessed(10), "assessments/a1", "high open for 10 days"),
    Change("CW-VUL-01", PASS, assessed(400, "Low"), "Containers", "scanned"),
    Change("CW-VUL-01", WARNING, assessed(27), "assessments/a1", "high open for 27 days"),
    Change("CW-VUL-01", FAIL, assessed(40), "assessments/a1", "high open for 40 days"),
    Change("CW-VUL-01", FAIL, plans("VirtualMachines"), "Containers", "not scanned"),
    Change("CW-VUL-03", PASS, patched(2), "vm1", "assessed 2 days ago, 0 urgent"),
    Change("CW-VUL-03", WARNING, patched(2, critical=1, security=2), "vm1", "3 urgent patches pending"),
    Change("CW-VUL-03", WARNING, patched(10), "vm1", "assessed 10 days ago"),
    Change("CW-VUL-03", FAIL, patched(40), "vm1", "assessed 40 days ago"),
    Change("CW-VUL-03", FAIL, patched(1, status="Failed"), "vm1", "the assessment failed"),
    Change("CW-VUL-03", FAIL, machine(), "vm1", "never assessed"),
    Change("CW-VUL-03", NOTHING, NOBODY),
    Change("CW-VUL-04", PASS, plans("VirtualMachines") | scanned(uploads=True), "store1", "uploads scanned"),
    Change("CW-VUL-04", WARNING, plans("VirtualMachines") | scanned(uploads=False), "store1", "uploads not scanned"),
    Change("CW-VUL-04", FAIL, plans() | scanned(uploads=False), "store1", "uploads not scanned"),
)
CHANGES = (*LOGS, *DEFENDER)
