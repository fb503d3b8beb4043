"""Where evidence is kept and who stamps it: the part of the settings about that, and what is made of it."""

from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Self

from pydantic import BaseModel, Field, SecretStr, model_validator

from connectors.timestamping import Stamper, read_roots
from documents.evidence import PackStore


class LockMode(StrEnum):
    """COMPLIANCE: not even the owner of the bucket can delete in time. GOVERNANCE: those with a special right can."""

    COMPLIANCE = "COMPLIANCE"
    GOVERNANCE = "GOVERNANCE"


class EvidenceSettings(BaseModel):
    """The part of the settings about evidence; read by app/settings.py."""

    evidence_retention: timedelta = Field(
        default=timedelta(days=400),
        ge=timedelta(days=400),
        description="How long raw answers of providers are kept after a sync last read the same.",
    )
    evidence_bucket: str | None = Field(
        default=None,
        pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$",
        description="A bucket with Object Lock, of S3 or what speaks like it, for raw answers. Unset: MongoDB.",
    )
    evidence_bucket_region: str | None = Field(default=None, description="Its region.")
    evidence_bucket_endpoint: str | None = Field(
        default=None, pattern=r"^https?://\S+$", description="Address of the service, when it is not AWS."
    )
    evidence_bucket_access_key_id: str | None = Field(
        default=None, description="Key for it. Unset: the process's own, from its environment or machine."
    )
    evidence_bucket_secret_access_key: SecretStr | None = Field(default=None, description="The secret of that key.")
    evidence_bucket_lock: LockMode = Field(
        default=LockMode.COMPLIANCE,
        description="COMPLIANCE, or GOVERNANCE, under which a special right allows to delete before the time.",
    )
    evidence_bucket_from_bytes: int = Field(
        default=0, ge=0, description="Packs of fewer compressed bytes stay in MongoDB. 0: all go to the bucket."
    )
    timestamp_url: str | None = Field(
        default=None,
        pattern=r"^https?://\S+$",
        description="Time authority (RFC 3161) that stamps the checkpoints of evidence. Unset: none does.",
    )
    timestamp_ca_file: Path | None = Field(
        default=None, description="Certificates in PEM that its own must lead to. Unset: that is not checked."
    )

    @model_validator(mode="after")
    def _readable(self) -> Self:
        if self.timestamp_ca_file is not None:
            try:
                read_roots(self.timestamp_ca_file)
            except OSError as error:
                raise ValueError(f"CLOUDWATCHER_TIMESTAMP_CA_FILE cannot be read: {error}") from error
        return self


def pack_store(settings: EvidenceSettings) -> PackStore | None:
    """The bucket that is set, None without one."""
    if settings.evidence_bucket is None:
        return None
    from connectors.evidence_bucket import EvidenceBucket  # the libraries of AWS, for those who use them

    return EvidenceBucket(
        name=settings.evidence_bucket,
        region=settings.evidence_bucket_region,
        endpoint=settings.evidence_bucket_endpoint,
        access_key_id=settings.evidence_bucket_access_key_id,
        secret_access_key=settings.evidence_bucket_secret_access_key,
        mode=settings.evidence_bucket_lock.value,
        from_bytes=settings.evidence_bucket_from_bytes,
    )


def stamper(settings: EvidenceSettings) -> Stamper | None:
    """The time authority that is set, None without one. Its address is the operator's choice, as a database's is."""
    if settings.timestamp_url is None:
        return None
    roots = read_roots(settings.timestamp_ca_file) if settings.timestamp_ca_file else ()
    return Stamper(settings.timestamp_url, roots=roots, allow_private=True)
