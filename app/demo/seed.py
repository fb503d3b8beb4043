"""What the demo's store begins with: a managed provider, two clients, people, bills and a budget. Safe to repeat."""

import asyncio
import json
import secrets
import socket
from dataclasses import asdict, dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from beanie import PydanticObjectId
from pymongo.errors import DuplicateKeyError
from rich.console import Console

import documents
from app.cli.import_costs import import_with_progress
from app.demo.focus_rows import DemoBill
from app.settings import Settings
from app.wiring import Backend, open_backend
from auth.password import PasswordHasher
from auth.scope import scope_of_operator
from documents import OrganizationKind, Role
from documents.base import utc_now
from documents.organization import find_organizations, open_organization
from documents.transaction import Transaction
from documents.user import find_user
from domain.costs.header import ReadOptions
from jobs.queue import ask_budget_check

MSP = "Demo Managed Services"
CLIENTS = ("Client One", "Client Two")
# moto's own account id, so that the bill and the connected account are the same account.
STAND_IN_ACCOUNT = "123456789012"
BUDGET = "Everything"


@dataclass(frozen=True, slots=True)
class DemoUser:
    email: str
    name: str
    organization: str
    role: Role


USERS = (
    DemoUser("msp@example.com", "MSP administrator", MSP, Role.MSP_ADMIN),
    DemoUser("admin@example.com", "Administrator of Client One", CLIENTS[0], Role.ADMIN),
    DemoUser("user@example.com", "User of Client Two", CLIENTS[1], Role.USER),
)


@dataclass(slots=True)
class DemoState:
    """Kept in the data directory, so that a second start finds the same people and the same stand-in account.

    `passwords` are by e-mail address and made up once per installation; `port` is the stand-in account's.
    """

    path: Path
    passwords: dict[str, str] = field(default_factory=dict, repr=False)
    port: int = 0
    bills_until: str = ""

    @classmethod
    def load(cls, data_dir: Path) -> "DemoState":
        """The stored state, or a new one."""
        path = data_dir / "demo" / "demo.json"
        stored = json.loads(path.read_text()) if path.exists() else {}
        state = cls(path, **stored)
        for user in USERS:
            state.passwords.setdefault(user.email, secrets.token_urlsafe(12))
        state.port = state.port or _free_port()
        state.save()
        return state

    def save(self) -> None:
        """Write it, readable by its owner only."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fields = {name: value for name, value in asdict(self).items() if name != "path"}
        fresh = self.path.with_suffix(".new")
        fresh.touch(mode=0o600)
        fresh.write_text(json.dumps(fields, indent=1))
        fresh.replace(self.path)


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
        return await open_organization(name, kind, msp_id=msp_id, session=tx.session)

    return await backend.writer.commit(change)


async def _people(organizations: dict[str, PydanticObjectId], state: DemoState) -> None:
    hasher = PasswordHasher()
    for person in USERS:
        if await find_user(person.email) is not None:
            continue
        user = documents.User(
            email=person.email, name=person.name, password_hash=await hasher.hash(state.passwords[person.email])
        )
        await user.insert()
        await documents.Membership(
            user_id=user.id, org_id=organizations[person.organization], role=person.role
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


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def main() -> None:
    """The seeding process of the demo."""
    settings = Settings()
    asyncio.run(seed(settings, DemoState.load(settings.data_dir)))


if __name__ == "__main__":
    main()
