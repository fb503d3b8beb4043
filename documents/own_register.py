"""Our registers as controls look at them, in the rows of `domain/compliance/own_records.py`.

None: nothing was ever recorded there. Of notices and exercises none says something too, and is no None.
"""

from datetime import datetime
from typing import Any, TypeVar

from documents.base import TenantDocument
from documents.control_state import ControlState
from documents.data_store import DataStore
from documents.exercise import Exercise
from documents.incident_clock import IncidentClock
from documents.public_page import PublicPage
from documents.register_entry import MOST_ENTRIES, entries
from documents.risk import Risk
from documents.vendor import Vendor
from domain.compliance.answers import Unread
from domain.compliance.risk import worst_of
from domain.facts.compliance import CheckStatus
from domain.facts.register import ExerciseKind
from domain.facts.scope import Scope

Rows = list[dict[str, Any]]
E = TypeVar("E", bound=TenantDocument)
PROBED = (
    "url",
    "status_code",
    "is_tls",
    "body_sha256",
    "approved_sha256",
    "last_reviewed_at",
    "sections",
    "security_txt_expires",
)
DOCUMENTED = (
    "tier",
    "report_type",
    "period_end",
    "bridge_letter_until",
    "reviewed_by",
    "needs_baa",
    "baa_signed_at",
    "needs_dpa",
    "dpa_signed_at",
    "breach_notice_hours",
)


async def vendor_apps(scope: Scope, _: datetime) -> Rows | None:
    """Every app that a vendor on the register may have."""
    vendors = await _whole(Vendor, scope)
    if not vendors:
        return None
    return [
        {"vendor": one.name, "integration": app.integration.value, "app": app.app, "permissions": app.permissions}
        for one in vendors
        for app in one.apps
    ]


async def vendor_documents(scope: Scope, _: datetime) -> Rows | None:
    """What every vendor has given and signed."""
    vendors = await _whole(Vendor, scope)
    return [{"vendor": one.name, **{name: getattr(one, name) for name in DOCUMENTED}} for one in vendors] or None


async def patient_pages(scope: Scope, _: datetime) -> Rows | None:
    """Every page of patients that the inventory of data names, once, with what was last seen of it."""
    stores = await _whole(DataStore, scope)
    looks = {url: store.look_at(url) for store in stores for url in store.patient_pages}
    return [looks[url].model_dump() for url in sorted(looks)] or None


async def risk_links(scope: Scope, _: datetime) -> Rows | None:
    """Every risk with the worst that is said of its controls; of what was never judged that it was not assessed."""
    risks = await _whole(Risk, scope)
    found = ControlState.rows().find(ControlState.within(scope), {"control_id": 1, "status": 1})
    said = {raw["control_id"]: CheckStatus(raw["status"]) async for raw in found}
    return [
        {
            "risk_id": risk.title,
            "level": risk.level.value.lower(),
            "control_ids": risk.control_ids,
            "worst_status": worst_of(said.get(id, CheckStatus.NOT_ASSESSED) for id in risk.control_ids),
        }
        for risk in risks
    ] or None


async def exercises(scope: Scope, _: datetime) -> Rows:
    """When the last tabletop exercise was held."""
    held = [one.held_at for one in await _whole(Exercise, scope) if one.kind is ExerciseKind.TABLETOP]
    return [{"last_tabletop_at": max(held, default=None)}]


async def incident_clocks(scope: Scope, _: datetime) -> Rows:
    """Every notice that is or was owed."""
    fields = ("incident", "regime", "started_at", "due_at", "sent_at")
    clocks = await _whole(IncidentClock, scope)
    return [{name: getattr(clock, name) for name in fields} for clock in clocks]


async def http_probe(scope: Scope, _: datetime) -> Rows | None:
    """Every public page that is declared, as it has answered last. Raises Unread for one that was not fetched yet."""
    pages = await _whole(PublicPage, scope)
    for page in pages:
        if page.fetched_at is None:
            raise Unread("platform:http_probe", f"{page.url} was not fetched yet, which is done within ten minutes")
    return [
        {"purpose": page.purpose.value.lower(), **{name: getattr(page, name) for name in PROBED}} for page in pages
    ] or None


async def _whole(document: type[E], scope: Scope) -> list[E]:
    """Raises Unread where there is more than is looked at."""
    found = await entries(document, scope)
    if len(found) == MOST_ENTRIES:
        raise Unread(document.noun, f"more than {MOST_ENTRIES} entries are too many to judge")
    return found
