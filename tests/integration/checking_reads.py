"""What checks read of an account and of our own records, for explaining."""

from bson import ObjectId

from documents.alert import standing_alerts
from documents.control_status import problems_of
from documents.evidence_chain import began_at
from documents.own_export import exports
from documents.own_record import anomaly_models
from documents.sync_read import SyncRead, reads_back_to, reads_of
from documents.sync_run import last_run
from domain.facts.scope import Scope
from jobs.deadlines import PREFIX
from tests.factories.crowd import START


async def read_all(scope: Scope) -> None:
    """Each of them once."""
    some = await SyncRead.find_in(scope, {})
    assert some is not None
    run = await last_run(scope, some.account_id, with_costs=False)
    assert run is not None
    await reads_of(scope, run)
    assert await reads_back_to(scope, some.account_id, {some.operation}, START)
    await exports(scope, START)
    await anomaly_models(scope, START)
    await began_at(ObjectId(scope.only()))


async def standing(scope: Scope) -> None:
    """Alerts of one sort, of all organizations."""
    await standing_alerts(PREFIX)


async def problems(scope: Scope) -> None:
    """Why some controls could not be assessed."""
    await problems_of(ObjectId(scope.only()), [f"CW-ACC-{number:02}" for number in range(15)])
