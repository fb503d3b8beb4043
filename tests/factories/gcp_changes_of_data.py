"""Changes to a Google Cloud that controls of data judge: what is public, encrypted, labelled, kept and backed up."""

from collections.abc import Mapping
from typing import Any

from tests.factories.gcp_state import (
    BUCKET,
    DATABASE,
    EMPTY,
    ERROR,
    FAIL,
    KEY,
    NOTHING,
    PASS,
    PROJECT,
    WARNING,
    Changed,
    P,
    ago,
    assets,
    bucket,
    database,
    key,
    open_to,
    placed,
    policy,
)
from tests.fakes.google_told import State, refused

YEARS = "63072000s"
QUARTERLY = "7776000s"
PII, PHI = {"data-class": "pii"}, {"data-class": "phi"}
SECRET = f"//secretmanager.googleapis.com/{P}/secrets/db"
POINT_IN_TIME = {"enabled": True, "pointInTimeRecoveryEnabled": True}


def secret(**fields: Any) -> State:
    return {"secretmanager.v1:projects.secrets.list": {"secrets": [{"name": f"{P}/secrets/db", **fields}]}}


def deleting(**condition: Any) -> Mapping[str, Any]:
    return {"rule": [{"action": {"type": "Delete"}, "condition": condition}]}


def copied(hours: float) -> State:
    """The last good copy of the database."""
    run = {"id": "1", "status": "SUCCESSFUL", "type": "AUTOMATED", "endTime": ago(hours=hours)}
    return {"sqladmin.v1:backupRuns.list": {"items": [run]}}


def restored(days: float | None) -> State:
    """The database was cloned; None: only a copy was made of it."""
    kind = "BACKUP_VOLUME" if days is None else "CLONE"
    done = {"name": "o1", "operationType": kind, "status": "DONE", "endTime": ago(days=days or 1)}
    return {"sqladmin.v1:operations.list": {"items": [done]}}


def profiled(days: float = 1, **fields: Any) -> State:
    """A profile of the bucket, so old, in which something sensitive was found."""
    place = "organizations/123/locations/global/fileStoreDataProfiles/1"
    plain = {"name": place, "fullResource": BUCKET, "createTime": ago(days=days)}
    rated = {"sensitivityScore": {"score": "SENSITIVITY_HIGH"}, **fields}
    listed = {"fileStoreDataProfiles": [{**plain, **rated}]}
    return {"dlp.v2:organizations.locations.fileStoreDataProfiles.list": listed}


def discovery(status: str = "RUNNING") -> State:
    config = {"name": f"{P}/locations/global/discoveryConfigs/1", "status": status}
    return {"dlp.v2:projects.locations.discoveryConfigs.list": {"discoveryConfigs": [config]}}


MEDICAL = [{"infoType": {"name": "US_MEDICARE_BENEFICIARY_ID_NUMBER"}}]
HEALTH_FILES = bucket(prevention="enforced", labels=PHI)
EVERYTHING_LOGGED = policy(logged={"storage.googleapis.com": ["DATA_READ", "DATA_WRITE"]})
READS_LOGGED = policy(logged={"storage.googleapis.com": ["DATA_READ"]})
# Google's own interfaces by an address in the network.
GOOGLE_ENDPOINT = placed("forwardingRules", "global", target="all-apis")
NO_KEYS = {"cloudkms.v1:projects.locations.list": refused("cloudkms.locations.list")}
NO_DATABASES = {"sqladmin.v1:instances.list": refused("cloudsql.instances.list")}
NO_ASSETS = {"cloudasset.v1:v1.searchAllResources": refused("cloudasset.assets.searchAllResources")}

STORES = (
    Changed("CW-DAT-01", PASS, BUCKET, bucket(prevention="enforced")),
    Changed("CW-DAT-01", WARNING, BUCKET, bucket()),
    Changed("CW-DAT-01", FAIL, BUCKET, bucket() | open_to("allUsers")),
    Changed("CW-DAT-01", NOTHING, "", EMPTY),
    Changed("CW-DAT-02", WARNING, BUCKET, bucket(labels={"data-class": "restricted"})),
    Changed("CW-DAT-02", NOTHING, "", EMPTY),
    Changed("CW-DAT-03", NOTHING, "", EMPTY),
    Changed("CW-DAT-04", PASS, f"//cloudkms.googleapis.com/{KEY}", key(rotationPeriod=QUARTERLY)),
    Changed("CW-DAT-04", WARNING, f"//cloudkms.googleapis.com/{KEY}", key(rotationPeriod=YEARS)),
    Changed("CW-DAT-04", FAIL, f"//cloudkms.googleapis.com/{KEY}", key()),
    Changed("CW-DAT-04", NOTHING, "", key("ASYMMETRIC_SIGN")),
    Changed("CW-DAT-05", PASS, SECRET, secret(createTime=ago(days=100), rotation={"rotationPeriod": QUARTERLY})),
    Changed("CW-DAT-05", WARNING, SECRET, secret(createTime=ago(days=89))),
    Changed("CW-DAT-05", FAIL, SECRET, secret(createTime=ago(days=91))),
    Changed("CW-DAT-06", PASS, BUCKET, assets(PII)),
    Changed("CW-DAT-06", WARNING, f"{BUCKET}-19", assets(*[PII] * 19, None)),
    Changed("CW-DAT-06", FAIL, BUCKET, assets(None)),
    Changed("CW-DAT-07", PASS, BUCKET, bucket(labels=PII, lifecycle=deleting(age=730))),
    Changed("CW-DAT-07", WARNING, BUCKET, bucket(labels=PII, lifecycle=deleting(age=730, isLive=False))),
    Changed("CW-DAT-07", FAIL, BUCKET, bucket(labels=PII)),
    Changed("CW-PIN-03", FAIL, "files", bucket()),
    Changed("CW-PIN-03", NOTHING, "", EMPTY),
    Changed("CW-PRV-03", PASS, PROJECT, discovery()),
    Changed("CW-PRV-03", PASS, BUCKET, discovery() | profiled() | assets(PII)),
    Changed("CW-PRV-03", WARNING, BUCKET, discovery() | profiled(6) | assets(None)),
    Changed("CW-PRV-03", FAIL, BUCKET, discovery() | profiled(8) | assets(None)),
    Changed("CW-PRV-03", FAIL, PROJECT, discovery("PAUSED")),
)
COPIES = (
    Changed("CW-AVL-01", PASS, "main", database(backupConfiguration=POINT_IN_TIME) | copied(25)),
    Changed("CW-AVL-01", WARNING, "main", database(backupConfiguration={"enabled": True}) | copied(25)),
    Changed("CW-AVL-01", FAIL, "main", database(backupConfiguration=POINT_IN_TIME) | copied(27)),
    Changed("CW-AVL-02", WARNING, "main", database() | restored(93)),
    Changed("CW-AVL-02", FAIL, "main", database() | restored(None)),
    Changed("CW-AVL-02", NOTHING, "", EMPTY),
    Changed("CW-AVL-03", WARNING, "main", database(availabilityType="ZONAL", userLabels={"env": "dev"})),
    Changed("CW-AVL-03", NOTHING, "", EMPTY),
)
HEALTH = (
    Changed("TC-PHI-01", PASS, BUCKET, profiled(fileStoreInfoTypeSummaries=MEDICAL) | assets(PHI)),
    Changed("TC-PHI-01", WARNING, BUCKET, profiled(6, fileStoreInfoTypeSummaries=MEDICAL) | assets(None)),
    Changed("TC-PHI-01", FAIL, BUCKET, profiled(8, fileStoreInfoTypeSummaries=MEDICAL) | assets(PII)),
    Changed("TC-PHI-01", NOTHING, "", profiled() | assets(None)),
    Changed("TC-PHI-03", PASS, DATABASE, database(userLabels=PHI, key=KEY) | key(rotationPeriod=QUARTERLY)),
    Changed("TC-PHI-03", WARNING, DATABASE, database(userLabels=PHI, key=KEY) | key()),
    Changed("TC-PHI-03", WARNING, BUCKET, HEALTH_FILES),
    Changed("TC-PHI-03", ERROR, "", HEALTH_FILES | NO_KEYS),
    Changed("TC-PHI-04", PASS, BUCKET, HEALTH_FILES | GOOGLE_ENDPOINT),
    Changed("TC-PHI-04", PASS, DATABASE, database({"privateNetwork": f"{P}/global/networks/main"}, userLabels=PHI)),
    Changed("TC-PHI-04", WARNING, BUCKET, HEALTH_FILES),
    Changed("TC-PHI-04", FAIL, DATABASE, database({"ipv4Enabled": True}, userLabels=PHI)),
    Changed("TC-PHI-04", FAIL, BUCKET, bucket(labels=PHI) | open_to("allUsers")),
    Changed("TC-PHI-04", ERROR, "", NO_DATABASES),
    Changed("TC-PHI-05", PASS, BUCKET, assets(PHI) | EVERYTHING_LOGGED),
    Changed("TC-PHI-05", WARNING, BUCKET, assets(PHI) | READS_LOGGED),
    Changed("TC-PHI-05", FAIL, BUCKET, assets(PHI) | policy()),
    Changed("TC-PHI-05", ERROR, "", NO_ASSETS),
)
CHANGES = (*STORES, *COPIES, *HEALTH)
