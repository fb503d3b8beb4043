"""Changes to a Google Cloud that controls of networks and machines judge: rules, balancers, flow logs, patches."""

from typing import Any

from tests.factories.gcp_state import (
    DATABASE,
    EMPTY,
    ERROR,
    FAIL,
    LINK,
    NOTHING,
    PASS,
    REGION,
    WARNING,
    ZONE,
    Changed,
    P,
    database,
    everywhere,
    machine,
    named,
    placed,
)
from tests.fakes.google_told import State, refused

FIREWALL = named("firewalls", "global", "ssh")
POLICY = f"{LINK}/regions/{REGION}/securityPolicies/one"
GROUP = f"{LINK}/regions/{REGION}/instanceGroupManagers/one"
BACKEND = named("backendServices")
MACHINE = named("instances", f"zones/{ZONE}", "web")
# What every security policy ends with, and never says no.
LAST = {"priority": 2147483647, "action": "allow"}
SHIELDED = {"enableSecureBoot": True, "enableVtpm": True, "enableIntegrityMonitoring": True}
HALF_SHIELDED = {**SHIELDED, "enableSecureBoot": False}


def firewall(source: str, *, disabled: bool = False) -> State:
    """Lets SSH in from here."""
    allowed = [{"IPProtocol": "tcp", "ports": ["22"]}]
    fields = {"direction": "INGRESS", "sourceRanges": [source], "allowed": allowed, "disabled": disabled}
    return everywhere("firewalls", "ssh", network=f"{LINK}/global/networks/main", **fields)


def network(name: str, *, splits: bool = False) -> State:
    return everywhere("networks", name, autoCreateSubnetworks=splits)


def backend(**fields: Any) -> State:
    """Reached from the internet."""
    return placed("backendServices", loadBalancingScheme="EXTERNAL_MANAGED", **fields)


def guarded(*rules: State) -> State:
    """A backend with a policy of these rules."""
    return backend(securityPolicy=POLICY) | placed("securityPolicies", rules=[*rules, LAST])


def denying(*, preview: bool) -> State:
    return {"priority": 1000, "action": "deny(403)", "preview": preview}


def subnetwork(**log: Any) -> State:
    """With a machine in it; `log` is how its flows are logged."""
    kept = {"logConfig": {"enable": True, **log}} if log else {}
    return machine() | placed("subnetworks", purpose="PRIVATE", network=f"{LINK}/global/networks/main", **kept)


def patched(**chosen: Any) -> State:
    """An active deployment of patches for these machines."""
    weekly = {"name": f"{P}/patchDeployments/weekly", "state": "ACTIVE", "instanceFilter": chosen}
    return {"osconfig.v1:projects.patchDeployments.list": {"patchDeployments": [weekly]}}


def group(**policy: Any) -> State:
    """Two machines, and an autoscaler with this policy."""
    scaled = placed("autoscalers", target=GROUP, autoscalingPolicy={"mode": "ON", **policy}) if policy else {}
    return placed("instanceGroupManagers", targetSize=2) | scaled


MORNING = {"morning": {"schedule": "0 8 * * *", "durationSec": 3600, "minRequiredReplicas": 4}}
NO_GROUPS = {"compute.v1:instanceGroupManagers.aggregatedList": refused("compute.instanceGroupManagers.list")}

CHANGES = (
    Changed("CW-NET-01", PASS, FIREWALL, firewall("10.0.0.0/8")),
    Changed("CW-NET-01", WARNING, FIREWALL, firewall("0.0.0.0/0", disabled=True)),
    Changed("CW-NET-01", FAIL, FIREWALL, firewall("0.0.0.0/0")),
    Changed("CW-NET-01", NOTHING, "", EMPTY),
    Changed("CW-NET-02", PASS, DATABASE, database()),
    Changed("CW-NET-02", WARNING, DATABASE, database({"ipv4Enabled": True})),
    Changed(
        "CW-NET-02", FAIL, DATABASE, database({"ipv4Enabled": True, "authorizedNetworks": [{"value": "0.0.0.0/0"}]})
    ),
    Changed("CW-NET-02", NOTHING, "", EMPTY),
    Changed("CW-NET-03", PASS, named("networks", "global", "main"), network("main")),
    Changed("CW-NET-03", WARNING, named("networks", "global", "main"), network("main", splits=True)),
    Changed("CW-NET-03", FAIL, named("networks", "global", "default"), network("default") | machine("default")),
    Changed("CW-NET-03", NOTHING, "", EMPTY),
    Changed("CW-NET-04", PASS, BACKEND, guarded(denying(preview=False))),
    Changed("CW-NET-04", WARNING, BACKEND, guarded(denying(preview=True))),
    Changed("CW-NET-04", FAIL, BACKEND, backend()),
    Changed("CW-NET-04", NOTHING, "", EMPTY),
    Changed("CW-LOG-03", PASS, named("subnetworks"), subnetwork(flowSampling=0.5)),
    Changed("CW-LOG-03", WARNING, named("subnetworks"), subnetwork(flowSampling=0.1)),
    Changed("CW-LOG-03", FAIL, named("subnetworks"), subnetwork()),
    Changed("CW-LOG-03", WARNING, BACKEND, backend(logConfig={"enable": True, "sampleRate": 0.4})),
    Changed("CW-LOG-03", NOTHING, "", EMPTY),
    Changed("CW-VUL-03", PASS, MACHINE, machine(shieldedInstanceConfig=SHIELDED) | patched(all=True)),
    Changed("CW-VUL-03", WARNING, MACHINE, machine(shieldedInstanceConfig=HALF_SHIELDED) | patched(zones=[ZONE])),
    Changed("CW-VUL-03", FAIL, MACHINE, machine(shieldedInstanceConfig=SHIELDED) | patched(zones=["europe-west1-b"])),
    Changed("PS-TRF-04", PASS, GROUP, group(cpuUtilization={"utilizationTarget": 0.6})),
    Changed("PS-TRF-04", WARNING, GROUP, group(scalingSchedules=MORNING)),
    Changed("PS-TRF-04", FAIL, GROUP, group()),
    Changed("PS-TRF-04", NOTHING, "", EMPTY),
    Changed("PS-TRF-04", ERROR, "", NO_GROUPS),
)
