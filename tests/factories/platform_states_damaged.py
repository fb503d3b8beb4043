"""Records that were damaged in the database after the application had made them: nothing good may be said of them."""

from typing import Any, NamedTuple

from bson.datetime_ms import DatetimeMS

import documents
from tests.factories import platform_states_of_people as people
from tests.factories import platform_states_of_records as records
from tests.factories import platform_states_of_registers as registers
from tests.factories.platform_house import House, Make


class Damaged(NamedTuple):
    """After `make` the fields of what is stored are `set` to something else, or are `lost`."""

    control: str
    make: Make
    document: type[documents.TenantDocument]
    set: dict[str, Any] = {}
    lost: tuple[str, ...] = ()

    async def harm(self, house: House) -> None:
        """Damage every record of the organization that is of this kind."""
        change = {"$set": self.set} if self.set else {"$unset": dict.fromkeys(self.lost, "")}
        done = await self.document.rows().update_many({"org_id": house.org_id}, change)
        assert done.modified_count, "nothing was there to be damaged"


LATE_CLOCK = registers.clock("hipaa_individuals", began=registers.LATE)
DUE = {"due_at": "soon"}
DAMAGES = (
    Damaged("CW-AVL-04", records.budget("100", is_checked=False), documents.Budget, {"amount": "much"}),
    Damaged("CW-GOV-01", people.draft, documents.Policy, lost=("is_required",)),
    Damaged("CW-GOV-02", people.owners(), documents.ControlOwner, lost=("role",)),
    Damaged("CW-IAM-10", people.revoked, documents.AccessReview, lost=("due_at",)),
    Damaged("CW-INC-02", LATE_CLOCK, documents.IncidentClock, DUE),
    # No moment that can be told, as nothing but a hand in the database writes.
    Damaged("CW-LOG-02", records.act, documents.AuditEntry, {"at": DatetimeMS(2**60)}),
    Damaged("CW-LOG-04", records.watched(), documents.AnomalyRun, {"at": "lately"}),
    Damaged("CW-PIN-03", records.cut_export, documents.AuditExport, lost=("sha256",)),
    Damaged("CW-PRV-05", LATE_CLOCK, documents.IncidentClock, DUE),
    Damaged("CW-RSK-01", registers.risk_of_nobody, documents.Risk, {"level": "UNHEARD_OF"}),
    Damaged("TC-PHI-11", registers.with_health_data(LATE_CLOCK), documents.IncidentClock, DUE),
)
