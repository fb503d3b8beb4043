"""Access to health data is limited to named clinical or support groups.

A group is approved when one of the words of APPROVED stands in its name. Who may do everything in the account reaches
health data too, and counts like those whom a bucket names. An approved exception is told of each failing principal.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from domain.compliance.answers import listed
from domain.compliance.aws_access import HOLDERS
from domain.compliance.call_index import first_pages
from domain.compliance.control import Case, Item, Procedure, failed, passed
from domain.compliance.health_data import aws_buckets
from domain.compliance.policy_document import texts
from domain.compliance.resource_policy import statements
from domain.facts.compliance import Integration

TAGS, POLICIES = "resourcegroupstaggingapi.get_resources", "s3.get_bucket_policy"
APPROVED = frozenset({"clinical", "clinician", "clinicians", "support"})
WANTED = "named clinical or support groups only"
# The lists of who holds a policy, and the field of the name.
KINDS = (
    ("PolicyGroups", "GroupName", "group"),
    ("PolicyRoles", "RoleName", "role"),
    ("PolicyUsers", "UserName", "user"),
)


def _aws(case: Case) -> Iterator[Item]:
    """Buckets labelled phi. Services of AWS are no people. A condition does not make up for everybody."""
    buckets = aws_buckets(case.answers)
    policies = first_pages(case.answers, POLICIES, "Bucket")
    holders = sorted(set(_holders(case)))
    for name in buckets:
        allowed = {who for one in _statements(policies.get(name)) if one["Effect"] == "Allow" for who in _named(one)}
        yield _limited(name, sorted(allowed))
    if buckets:
        yield from (_limited(who, [who], "may do everything") for who in holders)


def _statements(page: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    return statements(page["Policy"]) if page else []


def _named(statement: Mapping[str, Any]) -> list[str]:
    """Whom it lets in. What allows everybody but some is everybody."""
    if "NotPrincipal" in statement:
        return ["*"]
    principal = statement["Principal"]
    kinds = principal if isinstance(principal, Mapping) else {"AWS": principal}
    return [who for kind, several in kinds.items() if kind != "Service" for who in texts(several)]


def _holders(case: Case) -> Iterator[str]:
    for call in case.answers.calls(HOLDERS):
        for page in call.pages:
            for key, field, kind in KINDS:
                yield from (f"{kind}/{one[field]}" for one in listed(page, key))


def _limited(resource: str, principals: Iterable[str], what: str = "is let in") -> Item:
    strangers = [who for who in principals if not APPROVED.intersection(re.findall(r"[a-z]+", _name(who)))]
    if strangers:
        return failed(resource, f"{', '.join(strangers)} {what}", WANTED)
    return passed(resource, "nobody else is let in")


def _name(principal: str) -> str:
    """What tells the group: the name without its account, path and kind."""
    return principal.rpartition("/")[2].lower()


PROCEDURES = (
    Procedure(
        integration=Integration.AWS,
        scope="resource",
        operations=(POLICIES, HOLDERS, TAGS),
        passes=(
            "The policy of each bucket labelled phi lets in only principals whose name has the word clinical, "
            "clinician or support, and so is everybody named who may do everything."
        ),
        fails="It lets in another principal, or everybody.",
        judge=_aws,
    ),
)
