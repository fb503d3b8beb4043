"""Object storage is served through the edge, not directly.

Buckets are public by their policies; lists of access, which S3 ignores in new buckets, are not looked at. Whether an
origin has an access control is written in the distribution; the older origin access identity counts.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from domain.compliance.buckets import bucket_names
from domain.compliance.call_index import first_pages
from domain.compliance.control import Case, Item, Procedure, failed, passed, warned
from domain.compliance.edge import DISTRIBUTIONS, bucket_of_origin, distributions
from domain.facts.compliance import Integration

BUCKETS, STATUSES = "s3.list_buckets", "s3.get_bucket_policy_status"
WANTED = "private, and served through an access control of the edge"


def _aws(case: Case) -> Iterator[Item]:
    """Each bucket that is public, or the origin of a distribution that is on."""
    statuses, origins = first_pages(case.answers, STATUSES, "Bucket"), _origins(case)
    for name in bucket_names(case.answers):
        is_public = bool(statuses.get(name) and statuses[name]["PolicyStatus"]["IsPublic"])
        if name not in origins:
            if is_public:
                yield failed(name, "public, and served directly only", WANTED)
        elif is_public:
            yield warned(name, "served through the edge, and public", WANTED)
        elif not origins[name]:
            yield warned(name, "served through the edge without an access control", WANTED)
        else:
            yield passed(name, WANTED)


def _origins(case: Case) -> dict[str, bool]:
    """The buckets that are origins, and whether they have an access control wherever they are."""
    found: dict[str, bool] = {}
    for origin in (origin for one in distributions(case.answers) for origin in one["Origins"]["Items"]):
        bucket = bucket_of_origin(origin["DomainName"])
        if bucket:
            found[bucket] = found.get(bucket, True) and _is_controlled(origin)
    return found


def _is_controlled(origin: Mapping[str, Any]) -> bool:
    return bool(origin.get("OriginAccessControlId") or (origin.get("S3OriginConfig") or {}).get("OriginAccessIdentity"))


PROCEDURES = (
    Procedure(
        integration=Integration.AWS,
        scope="resource",
        operations=(DISTRIBUTIONS, STATUSES, BUCKETS),
        passes="Each bucket that is the origin of a distribution is private and has an access control there.",
        warns="It is public as well, or has no access control.",
        fails="A public bucket is the origin of no distribution.",
        judge=_aws,
    ),
)
