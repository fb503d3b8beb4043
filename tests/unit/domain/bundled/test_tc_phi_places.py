"""Where health data may lie, and by which ways it is reached."""

from datetime import UTC, datetime
from typing import Any

import pytest

from domain.bundled import tc_phi_02, tc_phi_04
from domain.compliance.answers import Answers
from domain.facts.compliance import CheckStatus, Integration
from tests.factories.answers import answers, call, faults, judged
from tests.factories.bundled import BUCKET, DATABASE, check_of, labelled

FAIL, WARNING, PASS, ERROR = CheckStatus.FAIL, CheckStatus.WARNING, CheckStatus.PASS, CheckStatus.ERROR
NOTHING = CheckStatus.NOT_APPLICABLE
SIGNED = datetime(2026, 1, 1, tzinfo=UTC).isoformat()
ADDENDUM = {"name": "AWS Organizations Business Associate Addendum", "state": "ACTIVE", "effectiveStart": SIGNED}
UNDATED = {"name": "AWS Business Associate Addendum", "state": "ACTIVE"}
VPS = "arn:aws:lightsail:eu-west-1:123:Disk/patients"


def agreed(*agreements: dict[str, Any], stores: tuple[str, ...] = (BUCKET, DATABASE)) -> Answers:
    return answers(Integration.AWS, labelled(*stores), (tc_phi_02.AGREEMENTS, {"customerAgreements": list(agreements)}))


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (agreed(ADDENDUM), PASS, []),
        (agreed(UNDATED, ADDENDUM), PASS, []),
        (agreed(UNDATED), WARNING, [DATABASE, BUCKET]),
        (agreed(), FAIL, [DATABASE, BUCKET]),
        (agreed({**ADDENDUM, "state": "CUSTOMER_TERMINATED"}), FAIL, [DATABASE, BUCKET]),
        (agreed({**ADDENDUM, "name": "AWS Australian Notifiable Data Breach Addendum"}), FAIL, [DATABASE, BUCKET]),
        (agreed(ADDENDUM, stores=(BUCKET, VPS)), FAIL, [VPS]),
        (agreed(ADDENDUM, stores=()), NOTHING, []),
    ],
)
def test_health_data_lies_where_an_agreement_covers_it(
    looked_at: Answers, status: CheckStatus, faulty: list[str]
) -> None:
    found = judged(check_of("TC-PHI-02"), looked_at)

    assert (found.status, faults(found)) == (status, sorted(faulty))


PHI = {"tags": {"data-class": "phi"}}
SERVER = "/subscriptions/s/providers/Microsoft.Sql/servers/Patients"


def azure(operation: str, *stores: dict[str, Any], links: Any = ()) -> Answers:
    """Stores of one kind, and private endpoints with these connections by their kind."""
    asked = {name: [] for name in (tc_phi_04.ACCOUNTS, tc_phi_04.SQL_SERVERS, tc_phi_04.POSTGRESQL, tc_phi_04.COSMOS)}
    asked[operation] = [{"id": SERVER, **one} for one in stores]
    endpoints = [{"id": "e", "properties": one} for one in links]
    return answers(
        Integration.AZURE,
        *((name, {"value": found}) for name, found in asked.items()),
        (tc_phi_04.LINKS, {"value": endpoints}),
    )


def link(kind: str = "privateLinkServiceConnections", state: str = "Approved", to: str = SERVER) -> dict[str, Any]:
    own = {"privateLinkServiceId": to, "privateLinkServiceConnectionState": {"status": state}}
    return {kind: [{"properties": own}]}


def closed(**more: Any) -> dict[str, Any]:
    return {**PHI, "properties": {"publicNetworkAccess": "Disabled", **more}}


WALLED = {"properties": {"publicNetworkAccess": "SecuredByPerimeter"}}
INSIDE = {"network": {"publicNetworkAccess": "Disabled", "delegatedSubnetResourceId": "subnet"}}


@pytest.mark.parametrize(
    ("looked_at", "status"),
    [
        (azure(tc_phi_04.SQL_SERVERS, closed(), links=[link()]), PASS),
        # Ids are the same in any case.
        (azure(tc_phi_04.COSMOS, closed(), links=[link(to=SERVER.lower())]), PASS),
        (azure(tc_phi_04.COSMOS, closed(), links=[link("manualPrivateLinkServiceConnections")]), PASS),
        (azure(tc_phi_04.ACCOUNTS, {**PHI, **WALLED}, links=[link(state="Pending")]), WARNING),
        (azure(tc_phi_04.ACCOUNTS, closed(), links=[link(to="other")]), WARNING),
        (azure(tc_phi_04.ACCOUNTS, {**PHI, "properties": {}}, links=[link()]), FAIL),
        (azure(tc_phi_04.POSTGRESQL, {**PHI, "properties": {"network": {"publicNetworkAccess": "Enabled"}}}), FAIL),
        (azure(tc_phi_04.POSTGRESQL, {**PHI, "properties": INSIDE}), PASS),
        (azure(tc_phi_04.POSTGRESQL, {"properties": {}}), NOTHING),
    ],
)
def test_stores_of_azure_are_reached_by_private_endpoints(looked_at: Answers, status: CheckStatus) -> None:
    assert judged(check_of("TC-PHI-04"), looked_at).status is status


LABELS = {"data-class": "phi"}
COMPUTE = "https://www.googleapis.com/compute/v1/"
SERVICE = "projects/a/regions/r/serviceAttachments/sql"


def google(
    *, addresses: dict[str, Any] | None = None, bucket: dict[str, Any] | None = None, targets: Any = (), who: Any = ()
) -> Answers:
    """A database with these addresses or a bucket with this access, both labelled, and rules with these targets."""
    settings = {"userLabels": LABELS, "ipConfiguration": addresses}
    database = {"name": "clinic", "settings": settings, "pscServiceAttachmentLink": f"{COMPUTE}{SERVICE}"}
    buckets = [] if bucket is None else [{"name": "scans", "labels": LABELS, "iamConfiguration": bucket}]
    rules = [{"name": "other"}, *({"target": target} for target in targets)]
    return answers(
        Integration.GCP,
        (tc_phi_04.INSTANCES, {"items": [] if addresses is None else [database, {"name": "b", "settings": {}}]}),
        (tc_phi_04.GOOGLE_BUCKETS, {"items": [*buckets, {"name": "others"}]}),
        call(tc_phi_04.GOOGLE_POLICIES, {"bindings": [{"role": "r", "members": list(who)}]}, bucket="scans"),
        (tc_phi_04.RULES, {"items": {"global": {"warning": {}}, "regions/r": {"forwardingRules": rules}}}, {}),
    )


PREVENTED, UNIFORM = {"publicAccessPrevention": "enforced"}, {"uniformBucketLevelAccess": {"enabled": True}}


@pytest.mark.parametrize(
    ("looked_at", "status"),
    [
        (google(addresses={"ipv4Enabled": False, "privateNetwork": "n"}), PASS),
        (google(addresses={"ipv4Enabled": False}, targets=[f"{COMPUTE}{SERVICE}"]), PASS),
        (google(addresses={"ipv4Enabled": False}), WARNING),
        (google(addresses={"ipv4Enabled": True, "privateNetwork": "n"}), FAIL),
        (google(bucket=PREVENTED, targets=["vpc-sc"]), PASS),
        (google(bucket=UNIFORM, targets=["all-apis"]), PASS),
        (google(bucket=PREVENTED, who=["allUsers"]), WARNING),
        (google(bucket=UNIFORM, who=["allAuthenticatedUsers"]), FAIL),
        (google(bucket={}), FAIL),
        (google(), NOTHING),
    ],
)
def test_stores_of_google_have_no_public_path(looked_at: Answers, status: CheckStatus) -> None:
    assert judged(check_of("TC-PHI-04"), looked_at).status is status


def test_a_database_without_a_service_of_its_own_is_reached_by_none() -> None:
    looked_at = google(addresses={"ipv4Enabled": False}, targets=[""])
    looked_at.by_operation[tc_phi_04.INSTANCES][0].pages[0]["items"][0]["pscServiceAttachmentLink"] = None

    assert judged(check_of("TC-PHI-04"), looked_at).status is WARNING
