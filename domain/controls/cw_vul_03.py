"""Hosts are patched, supported and hardened."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from domain.compliance.call_index import first_pages
from domain.compliance.completeness import of_some
from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.compliance.google_scopes import aggregated, full_name, path_of
from domain.compliance.instants import age, instant
from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity
from domain.support_ends import cluster_ends, runtime_end

RUNNING = ("pending", "running")
# The question to Resource Graph that gives what machines still lack.
PATCHES = "patchassessmentresources"
FRESH_ASSESSMENT = timedelta(days=7)
URGENT = ("critical", "security")
SHIELDS = ("enableSecureBoot", "enableVtpm", "enableIntegrityMonitoring")
# GKE puts it on its nodes, which it replaces instead of patching. Source: GKE, "Labels on Compute Engine resources".
NODE_LABEL = "goog-gke-node"


def _of_instance(instance: Mapping[str, Any], managed: Mapping[str, Any], patches: Mapping[str, Any]) -> Item:
    name, wanted = instance["InstanceId"], "managed, patched, tokens required for metadata"
    known, state = managed.get(name), patches.get(name)
    if known is None or known["PingStatus"] != "Online":
        return failed(name, "not managed" if known is None else f"managed, but {known['PingStatus']}", wanted)
    if state is None or state["CriticalNonCompliantCount"]:
        lacks = (
            "never scanned for patches" if state is None else f"{state['CriticalNonCompliantCount']} critical missing"
        )
        return failed(name, lacks, wanted)
    missing = state["MissingCount"] + state["FailedCount"]
    tokens = instance["MetadataOptions"]["HttpTokens"]
    if missing or tokens != "required":
        return warned(name, f"{missing} patches missing, tokens {tokens}", wanted)
    return passed(name, wanted)


def _instances(case: Case) -> Iterator[Item]:
    """Those that run: Systems Manager hears nothing of one that is stopped."""
    answers = case.answers
    managed = {
        one["InstanceId"]: one for one in answers.items("ssm.describe_instance_information", "InstanceInformationList")
    }
    patches = {
        one["InstanceId"]: one for one in answers.items("ssm.describe_instance_patch_states", "InstancePatchStates")
    }
    for reservation in answers.items("ec2.describe_instances", "Reservations"):
        for instance in reservation["Instances"]:
            if instance["State"]["Name"] in RUNNING:
                yield _of_instance(instance, managed, patches)


def _functions(case: Case) -> Iterator[Item]:
    for function in case.answers.items("lambda.list_functions", "Functions"):
        # One that is an image brings its own.
        if runtime := function.get("Runtime"):
            end, arn = runtime_end(runtime), function["FunctionArn"]
            if end is not None and end <= case.now:
                yield failed(arn, f"{runtime}, unsupported since {end:%Y-%m-%d}", "a supported runtime")
            else:
                yield passed(arn, runtime)


def _clusters(case: Case) -> Iterator[Item]:
    for call in case.answers.calls("eks.describe_cluster"):
        cluster = call.pages[0]["cluster"]
        arn, version = cluster["arn"], cluster["version"]
        standard, extended = cluster_ends(version) or (None, None)
        if extended is not None and extended <= case.now:
            yield failed(arn, f"{version}, unsupported since {extended:%Y-%m-%d}", "a supported version")
        elif standard is not None and standard <= case.now:
            yield warned(arn, f"{version}, in extended support", "a version in standard support")
        else:
            yield passed(arn, version)


def _aws(case: Case) -> Iterator[Item]:
    """Machines, databases, functions and clusters."""
    yield from _instances(case)
    for database in case.answers.items("rds.describe_db_instances", "DBInstances"):
        if database["AutoMinorVersionUpgrade"]:
            yield passed(database["DBInstanceArn"], "takes minor versions by itself")
        else:
            yield warned(database["DBInstanceArn"], "takes no minor versions", "minor versions by themselves")
    yield from _functions(case)
    yield from _clusters(case)


def _of_assessment(name: str, own: Mapping[str, Any] | None, case: Case) -> Item:
    """Since when a patch is pending is not told: at least since the assessment that found it."""
    wanted = "assessed within 7 days, nothing urgent pending"
    if own is None or own["status"] == "Failed":
        return failed(name, "never assessed" if own is None else "the assessment failed", wanted)
    counts = own["availablePatchCountByClassification"]
    # Linux has no patches that are critical, and Azure leaves them out.
    pending = sum(counts.get(kind) or 0 for kind in URGENT)
    ago = age(own["lastModifiedDateTime"], case.now)
    seen = f"assessed {ago.days} days ago, {pending} urgent patches pending"
    if ago > timedelta(days=case.parameters["max_patch_days"]):
        return failed(name, seen, wanted)
    return warned(name, seen, wanted) if pending or ago > FRESH_ASSESSMENT else passed(name, seen)


def _azure(case: Case) -> Iterator[Item]:
    rows = {
        row["id"].lower().partition("/patchassessmentresults/")[0]: row["properties"]
        for call in case.answers.calls("POST Microsoft.ResourceGraph/resources")
        if str(call.arguments["query"]).startswith(PATCHES)
        for page in call.pages
        for row in page["data"]
    }
    for machine in case.answers.items("GET Microsoft.Compute/virtualMachines", "value"):
        yield _of_assessment(machine["id"], rows.get(machine["id"].lower()), case)


def _covers(deployment: Mapping[str, Any], machine: Mapping[str, Any]) -> bool:
    """A machine meets every part of a filter that is set. Source: OS Config API, PatchInstanceFilter."""
    chosen = deployment["instanceFilter"]
    if chosen.get("all"):
        return True
    labels = machine.get("labels") or {}
    groups = [group["labels"].items() for group in chosen.get("groupLabels") or []]
    # With or without the project and the server before it.
    named = [path_of(f"/{one}") for one in chosen.get("instances") or []]
    own = path_of(machine["selfLink"])
    parts = (
        (groups, any(group <= labels.items() for group in groups)),
        (chosen.get("zones"), own.split("/")[2] in (chosen.get("zones") or [])),
        (named, any(own.endswith(one) for one in named)),
        (
            chosen.get("instanceNamePrefixes"),
            machine["name"].startswith(tuple(chosen.get("instanceNamePrefixes") or [])),
        ),
    )
    asked = [is_met for wanted, is_met in parts if wanted]
    return bool(asked) and all(asked)


def _gcp(case: Case) -> Iterator[Item]:
    """Nodes of GKE need no deployment of patches."""
    listed = case.answers.items("osconfig.v1:projects.patchDeployments.list", "patchDeployments")
    active = [one for one in listed if one["state"] == "ACTIVE"]
    for machine in aggregated(case.answers, "compute.v1:instances.aggregatedList", "instances"):
        name, is_node = full_name(machine), NODE_LABEL in (machine.get("labels") or {})
        if not is_node and not any(_covers(one, machine) for one in active):
            yield failed(name, "no patch deployment", "an active patch deployment")
            continue
        shields = machine.get("shieldedInstanceConfig") or {}
        yield of_some(name, SHIELDS, {one for one in SHIELDS if shields.get(one)})


def _digitalocean(case: Case) -> Iterator[Item]:
    """Since when an upgrade is there is not told: without upgrades by itself a cluster always warns."""
    upgrades = first_pages(case.answers, "GET /v2/kubernetes/clusters/{cluster_id}/upgrades", "cluster_id")
    for cluster in case.answers.items("GET /v2/kubernetes/clusters", "kubernetes_clusters"):
        waiting = upgrades[cluster["id"]]["available_upgrade_versions"] or []
        if cluster["auto_upgrade"]:
            yield passed(cluster["id"], "upgrades by itself")
        else:
            yield warned(cluster["id"], f"no upgrades by itself, {len(waiting)} waiting", "upgrades by itself")
    for database in case.answers.items("GET /v2/databases", "databases"):
        end = database.get("version_end_of_life")
        if end is not None and instant(end) <= case.now:
            yield failed(database["id"], f"end of life {instant(end):%Y-%m-%d}", "a version that is supported")
        else:
            yield passed(database["id"], "supported")


CONTROL = Control(
    id="CW-VUL-03",
    name="Hosts are patched, supported and hardened",
    category="vulnerability",
    severity=Severity.HIGH,
    frequency=Frequency.DAILY,
    evidence_kind=EvidenceKind.MACHINE_STATE,
    criteria=("CC7.1", "CC6.8", "CC5.2"),
    objective="Nothing runs out of support, unpatched or with a soft default.",
    owner_role="security",
    parameters={"max_patch_days": 30},
    remediations=("aws.ec2.require_imdsv2", "aws.ssm.run_patch_baseline", "digitalocean.k8s.auto_upgrade"),
    procedures=(
        Procedure(
            integration=Integration.AWS,
            scope="resource",
            operations=(
                "ssm.describe_instance_information",
                "ssm.describe_instance_patch_states",
                "ec2.describe_instances",
                "rds.describe_db_instances",
                "lambda.list_functions",
                "eks.describe_cluster",
            ),
            passes=(
                "Every running instance is managed, lacks no patch and requires tokens for its metadata; "
                "databases, functions and clusters are up to date."
            ),
            warns=(
                "Patches that are not critical are missing, tokens are optional, a database takes no minor "
                "versions, or a cluster is in extended support."
            ),
            fails=(
                "An instance is not managed, lacks a critical patch or was never scanned, or a runtime or "
                "cluster version is unsupported."
            ),
            judge=_aws,
        ),
        Procedure(
            integration=Integration.AZURE,
            scope="resource",
            operations=("POST Microsoft.ResourceGraph/resources", "GET Microsoft.Compute/virtualMachines"),
            passes="Every machine was assessed within 7 days, with no critical or security patch pending.",
            warns="Patches are pending, or the last assessment is older than 7 days.",
            fails="A machine was never assessed, or not within max_patch_days.",
            judge=_azure,
        ),
        Procedure(
            integration=Integration.GCP,
            scope="project",
            operations=("compute.v1:instances.aggregatedList", "osconfig.v1:projects.patchDeployments.list"),
            passes="An active patch deployment covers every machine, and all shielded options are on.",
            warns="Some shielded options are off.",
            fails="A machine has no patch deployment, or all its shielded options are off.",
            judge=_gcp,
        ),
        Procedure(
            integration=Integration.DIGITALOCEAN,
            scope="team",
            operations=(
                "GET /v2/kubernetes/clusters",
                "GET /v2/kubernetes/clusters/{cluster_id}/upgrades",
                "GET /v2/databases",
            ),
            passes="Every cluster upgrades by itself, and no database engine is past its end of life.",
            warns="A cluster does not upgrade by itself.",
            fails="A database engine is past its end of life.",
            judge=_digitalocean,
        ),
    ),
)
