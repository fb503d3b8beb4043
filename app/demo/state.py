"""Who and what the demo consists of, and the little it keeps in the data directory."""

import json
import secrets
import socket
from dataclasses import asdict, dataclass, field
from pathlib import Path

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
    role: str


USERS = (
    DemoUser("msp@example.com", "MSP administrator", MSP, "MSP_ADMIN"),
    DemoUser("admin@example.com", "Administrator of Client One", CLIENTS[0], "ADMIN"),
    DemoUser("user@example.com", "User of Client Two", CLIENTS[1], "USER"),
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


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
