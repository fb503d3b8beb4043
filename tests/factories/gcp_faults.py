"""Faults of the rules about Google Cloud: how each is made in the stand-in, and what undoing leaves behind."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from domain.facts.money import Money
from domain.rules.rule import Setting
from tests.fakes.google import EMAIL, PROJECT
from tests.fakes.google_cloud import GoogleCloud
from tests.fakes.google_state import COMPUTE, LINK, POLICY, REGION, ZONE, P

MACHINE_TYPE = f"{LINK}/zones/{ZONE}/machineTypes"
STRANGER = "user:b@shop.example"


@dataclass(frozen=True, kw_only=True)
class GcpFault:
    """`make` returns the full name of what the rule must fire on. `leaves` are paths of what undoing keeps on purpose.

    `moves` are fields that are other ones after undoing: new ids, names that Google gives, settings that are written
    out once they were set. `is_over`: Google does not recommend it again at once when it is undone.
    """

    rule_id: str
    make: Callable[[GoogleCloud], str]
    name: str = ""
    parameters: Mapping[str, Setting] = field(default_factory=dict)
    bills: Mapping[str, Money] = field(default_factory=dict)
    leaves: tuple[str, ...] = ()
    moves: tuple[str, ...] = ()
    is_over: bool = False

    @property
    def id(self) -> str:
        return f"{self.rule_id}-{self.name}" if self.name else self.rule_id


def machine(cloud: GoogleCloud, **fields: Any) -> str:
    plain = {"status": "RUNNING", "machineType": f"{MACHINE_TYPE}/n2-standard-4", "disks": [{"type": "PERSISTENT"}]}
    return cloud.compute(f"zones/{ZONE}/instances/web", **{**plain, **fields})


def idle_machine(cloud: GoogleCloud) -> str:
    name = machine(cloud)
    return cloud.recommend("google.compute.instance.IdleResourceRecommender", ZONE, name, recommenderSubtype="STOP_VM")


def large_machine(cloud: GoogleCloud, status: str = "RUNNING") -> str:
    change = {"action": "replace", "path": "/machineType", "value": f"zones/{ZONE}/machineTypes/n2-standard-2"}
    name = machine(cloud, status=status)
    return cloud.recommend("google.compute.instance.MachineTypeRecommender", ZONE, name, changes=[change])


def large_group(cloud: GoogleCloud) -> str:
    # Something else must be in the zone, or nobody asks for recommendations there.
    machine(cloud)
    secret = {"items": [{"key": "startup-script", "value": "export TOKEN=hunter-2"}]}
    properties = {"machineType": "n2-standard-4", "metadata": secret, "disks": [{"boot": True}]}
    cloud.compute("global/instanceTemplates/web-1", properties=properties)
    name = cloud.compute(
        f"zones/{ZONE}/instanceGroupManagers/web",
        instanceTemplate=f"{LINK}/global/instanceTemplates/web-1",
        targetSize=3,
    )
    change = {"action": "replace", "path": "/properties/machineType", "value": "n2-standard-2"}
    return cloud.recommend("google.compute.instanceGroupManager.MachineTypeRecommender", ZONE, name, changes=[change])


def loose_disk(cloud: GoogleCloud, subtype: str) -> str:
    disk = cloud.compute(
        f"zones/{ZONE}/disks/data",
        sizeGb="100",
        type=f"{LINK}/zones/{ZONE}/diskTypes/pd-ssd",
        labels={"team": "web"},
        status="READY",
    )
    return cloud.recommend("google.compute.disk.IdleResourceRecommender", ZONE, disk, recommenderSubtype=subtype)


def loose_address(cloud: GoogleCloud, place: str, location: str) -> str:
    name = cloud.compute(f"{place}/addresses/old", address="203.0.113.7", status="RESERVED")
    return cloud.recommend("google.compute.address.IdleResourceRecommender", location, name)


def unused_image(cloud: GoogleCloud, **fields: Any) -> str:
    name = cloud.compute("global/images/golden", **fields)
    return cloud.recommend("google.compute.image.IdleResourceRecommender", "global", name)


def steady_machines(cloud: GoogleCloud) -> str:
    machine(cloud)
    amounts = [{"type": "VCPU", "amount": "4"}, {"type": "MEMORY", "amount": "16384"}]
    value = {"plan": "TWELVE_MONTH", "type": "GENERAL_PURPOSE_N2", "resources": amounts}
    change = {"action": "add", "path": "/", "value": value}
    name = f"//compute.googleapis.com/{P}/regions/{REGION}/commitments/$new"
    return cloud.recommend("google.compute.commitment.UsageCommitmentRecommender", REGION, name, changes=[change])


def database(cloud: GoogleCloud, **access: Any) -> str:
    plain = {"ipv4Enabled": True, "sslMode": "ENCRYPTED_ONLY", "authorizedNetworks": []}
    settings = {
        "activationPolicy": "ALWAYS",
        "tier": "db-custom-4-15360",
        "ipConfiguration": {**plain, **access},
        "userLabels": {"team": "web"},
    }
    cloud.put(f"/v1/{P}/instances/orders", name="orders", region=REGION, state="RUNNABLE", settings=settings)
    return f"//cloudsql.googleapis.com/{P}/instances/orders"


def idle_database(cloud: GoogleCloud) -> str:
    return cloud.recommend("google.cloudsql.instance.IdleRecommender", REGION, database(cloud))


def large_database(cloud: GoogleCloud) -> str:
    change = {"action": "replace", "path": "/settings/tier", "value": "db-custom-2-7680"}
    name = database(cloud)
    return cloud.recommend("google.cloudsql.instance.OverprovisionedRecommender", REGION, name, changes=[change])


def open_database(cloud: GoogleCloud) -> str:
    networks = [{"name": one, "value": one} for one in ("198.51.100.4/32", "0.0.0.0/0")]
    return database(cloud, sslMode="ALLOW_UNENCRYPTED_AND_ENCRYPTED", authorizedNetworks=networks)


def busy_service(cloud: GoogleCloud) -> str:
    path = f"{P}/locations/{REGION}/services/shop"
    container = {"image": "shop", "env": [{"name": "TOKEN", "value": "hunter-3"}], "resources": {"cpuIdle": True}}
    cloud.put(f"/v2/{path}", name=path, etag="s-1", template={"containers": [container], "revision": "shop-1"})
    return cloud.recommend("google.run.service.CostRecommender", REGION, f"//run.googleapis.com/{path}")


def idle_cluster(cloud: GoogleCloud) -> str:
    links = []
    for zone in ("us-central1-a", "us-central1-b"):
        cloud.compute(f"zones/{zone}/instanceGroupManagers/gke-lab", targetSize=2)
        links.append(f"{LINK}/zones/{zone}/instanceGroupManagers/gke-lab")
    path = f"{P}/locations/{REGION}/clusters/lab"
    pools = [{"name": "main", "initialNodeCount": 1, "instanceGroupUrls": links}]
    cloud.put(f"/v1/{path}", name="lab", location=REGION, nodePools=pools)
    name = f"//container.googleapis.com/{path}"
    return cloud.recommend("google.container.DiagnosisRecommender", REGION, name, recommenderSubtype="CLUSTER_IDLE")


def unused_project(cloud: GoogleCloud) -> str:
    recommender = "google.resourcemanager.projectUtilization.Recommender"
    name = "//cloudresourcemanager.googleapis.com/projects/123456"
    return cloud.recommend(recommender, "global", name, recommenderSubtype="CLEANUP_PROJECT")


def bucket(cloud: GoogleCloud, **fields: Any) -> str:
    plain = {
        "name": "shop-logs",
        "location": "US-CENTRAL1",
        "storageClass": "STANDARD",
        "timeCreated": "2026-06-01T08:00:00.000Z",
        "iamConfiguration": {
            "publicAccessPrevention": "inherited",
            "uniformBucketLevelAccess": {"enabled": True},
        },
        "softDeletePolicy": {"retentionDurationSeconds": "604800"},
    }
    cloud.put("/storage/v1/b/shop-logs", **{**plain, **fields})
    owner = {"role": "roles/storage.admin", "members": [f"projectOwner:{PROJECT}"]}
    cloud.put("/storage/v1/b/shop-logs/iam", kind="storage#policy", version=1, etag="b-1", bindings=[owner])
    return "//storage.googleapis.com/shop-logs"


def deleted_data(cloud: GoogleCloud) -> str:
    bucket(cloud)
    name = "//storage.googleapis.com/projects/_/buckets/shop-logs"
    return cloud.recommend("google.storage.bucket.SoftDeleteRecommender", REGION, name)


def large_bucket(cloud: GoogleCloud) -> str:
    cloud.sizes["shop-logs"] = 500 * 2**30
    return bucket(cloud)


def public_bucket(cloud: GoogleCloud) -> str:
    name = bucket(cloud)
    cloud.things["/storage/v1/b/shop-logs/iam"]["bindings"] += [
        {"role": "roles/storage.objectViewer", "members": [STRANGER, "allUsers"]},
        {"role": "roles/storage.legacyBucketReader", "members": ["allAuthenticatedUsers"]},
    ]
    return name


def lists(cloud: GoogleCloud) -> str:
    access = {"publicAccessPrevention": "inherited", "uniformBucketLevelAccess": {"enabled": False}}
    return bucket(cloud, iamConfiguration=access)


def firewall(cloud: GoogleCloud, *ports: str) -> str:
    return cloud.compute(
        "global/firewalls/let-in",
        direction="INGRESS",
        disabled=False,
        priority=1000,
        sourceRanges=["0.0.0.0/0"],
        allowed=[{"IPProtocol": "tcp", "ports": list(ports)}],
    )


def old_snapshot(cloud: GoogleCloud) -> str:
    return cloud.compute("global/snapshots/data-1", status="READY", storageBytes="1073741824")


def old_key(cloud: GoogleCloud) -> str:
    account = f"{P}/serviceAccounts/{EMAIL}"
    cloud.put(f"/v1/{account}", name=account, email=EMAIL)
    name = f"{account}/keys/4f2a"
    cloud.put(f"/v1/{name}", name=name, keyType="USER_MANAGED", validAfterTime="2026-01-01T00:00:00Z")
    return f"//iam.googleapis.com/{name}"


def large_role(cloud: GoogleCloud) -> str:
    cloud.things[POLICY]["bindings"] += [
        {"role": "roles/editor", "members": [STRANGER, "user:c@shop.example"]},
        {"role": "roles/viewer", "members": ["user:c@shop.example"]},
    ]
    cloud.things[POLICY]["auditConfigs"] = [
        {"service": "allServices", "auditLogConfigs": [{"logType": "ADMIN_READ"}]},
    ]
    binding, project = "/iamPolicy/bindings/*/", "cloudresourcemanager.googleapis.com/Project"
    changes = [
        {
            "action": "remove",
            "resourceType": project,
            "path": f"{binding}members/*",
            "pathFilters": {
                f"{binding}role": "roles/editor",
                f"{binding}members/*": STRANGER,
                f"{binding}condition/expression": "",
            },
        },
        {
            "action": "add",
            "resourceType": project,
            "path": f"{binding}members/-",
            "pathFilters": {f"{binding}role": "roles/viewer", f"{binding}condition/expression": ""},
            "value": STRANGER,
        },
    ]
    name = "//cloudresourcemanager.googleapis.com/projects/123456"
    return cloud.recommend(
        "google.iam.policy.Recommender", "global", name, recommenderSubtype="REPLACE_ROLE", changes=changes
    )


def nothing_logged(cloud: GoogleCloud, *types: str) -> str:
    if types:
        exempt = [{"logType": one, "exemptedMembers": [STRANGER]} for one in types]
        cloud.things[POLICY]["auditConfigs"] = [{"service": "allServices", "auditLogConfigs": exempt}]
    return f"//cloudresourcemanager.googleapis.com/{P}/iamPolicy"


def crypto_key(cloud: GoogleCloud, **fields: Any) -> str:
    name = f"{P}/locations/europe-west1/keyRings/main/cryptoKeys/disk"
    cloud.put(f"/v1/{name}", name=name, purpose="ENCRYPT_DECRYPT", **fields)
    return f"//cloudkms.googleapis.com/{name}"


def no_os_login(cloud: GoogleCloud, *items: dict[str, str]) -> str:
    cloud.things[COMPUTE]["commonInstanceMetadata"]["items"] += items
    return f"//cloudresourcemanager.googleapis.com/{P}"


DEV = f"//compute.googleapis.com/{P}/zones/{ZONE}/instances/web"
SNAPSHOT = f"{COMPUTE}/global/snapshots/cloudwatcher-1003"
FAULTS = [
    GcpFault(rule_id="gcp-vm-idle", make=idle_machine),
    GcpFault(rule_id="gcp-vm-rightsize", make=large_machine),
    GcpFault(rule_id="gcp-vm-rightsize", name="stopped", make=lambda cloud: large_machine(cloud, "TERMINATED")),
    GcpFault(
        rule_id="gcp-mig-rightsize",
        make=large_group,
        leaves=(f"{COMPUTE}/global/instanceTemplates/web-1-n2-standard-2",),
    ),
    GcpFault(
        rule_id="gcp-disk-idle",
        make=lambda cloud: loose_disk(cloud, "SNAPSHOT_AND_DELETE_DISK"),
        leaves=(SNAPSHOT,),
        moves=("id", "sourceSnapshot"),
    ),
    GcpFault(
        rule_id="gcp-disk-idle",
        name="blank",
        make=lambda cloud: loose_disk(cloud, "DELETE_BLANK_DISK"),
        moves=("id",),
    ),
    GcpFault(rule_id="gcp-address-idle", make=lambda cloud: loose_address(cloud, f"regions/{REGION}", REGION)),
    GcpFault(rule_id="gcp-address-idle", name="global", make=lambda cloud: loose_address(cloud, "global", "global")),
    GcpFault(rule_id="gcp-image-idle", make=unused_image),
    GcpFault(
        rule_id="gcp-image-idle",
        name="deprecated",
        make=lambda cloud: unused_image(cloud, deprecated={"state": "DEPRECATED", "replacement": "golden-2"}),
    ),
    GcpFault(rule_id="gcp-cud-purchase", make=steady_machines),
    GcpFault(rule_id="gcp-sql-idle", make=idle_database),
    GcpFault(rule_id="gcp-sql-rightsize", make=large_database),
    GcpFault(rule_id="gcp-run-cpu", make=busy_service, moves=("revision",)),
    GcpFault(rule_id="gcp-gke-idle", make=idle_cluster),
    GcpFault(rule_id="gcp-project-unattended", make=unused_project),
    GcpFault(rule_id="gcp-soft-delete", make=deleted_data),
    GcpFault(rule_id="gcp-snapshot-old", make=old_snapshot),
    # Switched off is written out, where nothing was written before.
    GcpFault(rule_id="gcp-bucket-lifecycle", make=large_bucket, moves=("autoclass",)),
    GcpFault(
        rule_id="gcp-vm-offhours",
        make=lambda cloud: machine(cloud, labels={"environment": "test"}),
        bills={DEV: Money(amount=Decimal(84), currency="USD")},
        leaves=(f"{COMPUTE}/regions/{REGION}/resourcePolicies/cloudwatcher-office-hours",),
    ),
    GcpFault(rule_id="gcp-bucket-public", make=public_bucket),
    GcpFault(rule_id="gcp-bucket-uniform", make=lists),
    GcpFault(rule_id="gcp-firewall-admin-open", make=lambda cloud: firewall(cloud, "22", "443")),
    GcpFault(rule_id="gcp-firewall-database-open", make=lambda cloud: firewall(cloud, "5000-6000")),
    GcpFault(rule_id="gcp-sa-key-old", make=old_key),
    GcpFault(rule_id="gcp-iam-overgranted", make=large_role, is_over=True),
    GcpFault(rule_id="gcp-sql-public", make=open_database),
    GcpFault(rule_id="gcp-audit-logs", make=nothing_logged),
    GcpFault(rule_id="gcp-audit-logs", name="some", make=lambda cloud: nothing_logged(cloud, "ADMIN_READ")),
    GcpFault(rule_id="gcp-kms-rotation", make=crypto_key),
    GcpFault(
        rule_id="gcp-kms-rotation",
        name="rarely",
        make=lambda cloud: crypto_key(cloud, rotationPeriod="31536000s", nextRotationTime="2027-06-01T00:00:00Z"),
        # Where jobs believe that it is a year later it has passed, and cannot be given again.
        moves=("nextRotationTime",),
    ),
    GcpFault(rule_id="gcp-os-login", make=no_os_login),
    GcpFault(
        rule_id="gcp-os-login",
        name="off",
        make=lambda cloud: no_os_login(cloud, {"key": "enable-oslogin", "value": "FALSE"}),
    ),
]
