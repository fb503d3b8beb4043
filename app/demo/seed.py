"""What the demo's store begins with: a managed provider, two clients, people, bills and a budget. Safe to repeat."""

import asyncio
from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from beanie import PydanticObjectId
from pymongo.errors import DuplicateKeyError
from rich.console import Console

import documents
from app.cli.import_costs import import_with_progress
from app.cli.store import run_migrate
from app.demo.focus_rows import DemoBill
from app.demo.state import BUDGET, CLIENTS, MSP, STAND_IN_ACCOUNT, USERS, DemoState
from app.settings import Settings
from app.wiring import Backend, open_backend
from auth.password import PasswordHasher
from auth.scope import scope_of_operator
from documents import OrganizationKind, Role
from documents.audit import Act, acting
from documents.base import utc_now
from documents.organization import find_organizations, open_organization
from documents.transaction import Transaction
from documents.user import find_user
from domain.costs.header import ReadOptions
from jobs.queue import ask_budget_check


async def seed(settings: Settings, state: DemoState) -> None:
    """Bring the store to where the demo begins; what is there already is left alone."""
    today = utc_now().date()
    async with open_backend(settings) as backend:
        organizations = await _organizations(backend)
        await _people(organizations, state)
        if state.bills_until != today.isoformat():
            for client in CLIENTS:
                await _bills(backend, client, organizations[client], today)
            await _budget(backend, organizations[CLIENTS[0]])
            state.bills_until = today.isoformat()
            state.save()


async def _organizations(backend: Backend) -> dict[str, PydanticObjectId]:
    found: dict[str, PydanticObjectId] = {}
    for name in (MSP, *CLIENTS):
        existing = await find_organizations(name)
        organization = existing[0] if existing else await _open(backend, name, found.get(MSP))
        found[name] = PydanticObjectId(str(organization.id))
    return found


async def _open(backend: Backend, name: str, msp_id: PydanticObjectId | None) -> documents.Organization:
    kind = OrganizationKind.MSP if name == MSP else OrganizationKind.COMPANY

    async def change(tx: Transaction) -> documents.Organization:
        organization = await open_organization(name, kind, msp_id=msp_id, session=tx.session)
        tx.audit(organization.id, target=f"organization:{organization.id}", after={"name": name, "kind": kind})
        return organization

    with acting(Act(action="organization.create", actor="operator")):
        return await backend.writer.commit(change)


async def _people(organizations: dict[str, PydanticObjectId], state: DemoState) -> None:
    hasher = PasswordHasher()
    for person in USERS:
        if await find_user(person.email) is not None:
            continue
        user = documents.User(
            email=person.email,
            name=person.name,
            password_hash=await hasher.hash(state.passwords[person.email]),
            email_verified_at=utc_now(),
        )
        await user.insert()
        await documents.Membership(
            user_id=user.id, org_id=organizations[person.organization], role=Role(person.role)
        ).insert()


async def _bills(backend: Backend, company: str, org_id: PydanticObjectId, today: date) -> None:
    accounts = {"aws/production": STAND_IN_ACCOUNT} if company == CLIENTS[0] else {}
    bill = DemoBill(company=company, today=today, accounts=accounts)
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"{company.lower().replace(' ', '-')}.csv"
        await asyncio.to_thread(bill.write, path)
        scope = scope_of_operator(str(org_id))
        await import_with_progress(Console(), scope, [path], ReadOptions(source="demo"), backend.writer)


async def _budget(backend: Backend, org_id: PydanticObjectId) -> None:
    budget = documents.Budget(
        org_id=org_id, name=BUDGET, amount=Decimal(40_000), currency="USD", thresholds=[50, 80, 100]
    )

    async def change(tx: Transaction) -> None:
        await budget.insert(session=tx.session)
        ask_budget_check(tx, org_id)

    try:
        await backend.writer.commit(change)
    except DuplicateKeyError:
        return  # an earlier start has set it


def main() -> None:
    """The seeding process of the demo."""
    settings = Settings()
    asyncio.run(run_migrate(settings))
    asyncio.run(seed(settings, DemoState.load(settings.data_dir)))


if __name__ == "__main__":
    main()
