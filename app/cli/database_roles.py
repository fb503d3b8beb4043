"""`cloudwatcher database-roles`: MongoDB roles under which the application cannot change its audit log or evidence."""

from typing import Any

import orjson

from documents.attestation import BUCKET as ATTESTED_FILES
from documents.audit import AuditEntry
from documents.audit_export import BUCKET as AUDIT_FILES
from documents.audit_pack import BUCKET as PACK_FILES
from documents.cost_export import BUCKET as COST_FILES
from documents.every_document import ALL
from documents.evidence_chain import EvidenceRecord
from documents.evidence_checkpoint import EvidenceCheckpoint
from documents.key_rotation import KEY_ROTATIONS
from documents.vault import KEY_VAULT

APP, SEALER, MIGRATOR = "cloudwatcherApp", "cloudwatcherSealer", "cloudwatcherMigrator"
DOCTOR = "doctor"

_READ_AND_WRITE = ["find", "insert", "update", "remove", "createCollection", "createIndex", "listIndexes"]
_SHAPE = ["createCollection", "createIndex", "dropIndex", "listIndexes"]
# An index may make entries expire, so the application may not make one either.
_APPEND = ["find", "insert", "listIndexes"]


def role_scripts(database: str, *, update: bool) -> list[str]:
    """A line of JavaScript for mongosh for each role."""
    verb = "updateRole" if update else "createRole"
    target = f"db.getSiblingDB({orjson.dumps(database).decode()})"
    return [
        f"{target}.runCommand({orjson.dumps({verb: name, 'privileges': privileges, 'roles': []}).decode()})"
        for name, privileges in privileges_of(database).items()
    ]


def privileges_of(database: str) -> dict[str, list[dict[str, Any]]]:
    """Role to privileges. Collections are named one by one: what is granted on all cannot be taken away from one."""
    records = [AuditEntry.Settings.name, EvidenceRecord.Settings.name]
    # A checkpoint gets its stamp later.
    checkpoints = EvidenceCheckpoint.Settings.name
    others = [name for name in collections() if name not in {*records, checkpoints}]

    def on(collection: str, actions: list[str]) -> dict[str, Any]:
        return {"resource": {"db": database, "collection": collection}, "actions": actions}

    listing = on("", ["listCollections"])
    writes = [on(name, _READ_AND_WRITE) for name in others]
    return {
        APP: [
            listing,
            *(on(name, _APPEND) for name in records),
            on(checkpoints, [*_APPEND, "update"]),
            *writes,
            on(DOCTOR, [*_READ_AND_WRITE, "dropCollection"]),
        ],
        SEALER: [on(name, ["find", "remove"]) for name in (*records, checkpoints)],
        MIGRATOR: [
            listing,
            *(on(name, [*_SHAPE, "find", "insert"]) for name in (*records, checkpoints)),
            *writes,
            *(on(name, ["dropIndex"]) for name in others),
        ],
    }


def collections() -> list[str]:
    """Every collection of the application."""
    stored = {document.Settings.name for document in ALL}
    buckets = (ATTESTED_FILES, AUDIT_FILES, COST_FILES, PACK_FILES)
    kept = {f"{bucket}.{part}" for bucket in buckets for part in ("files", "chunks")}
    return sorted({*stored, *kept, KEY_VAULT, KEY_ROTATIONS})
