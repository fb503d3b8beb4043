"""The machine and the versions that figures were taken with."""

import importlib.metadata
import json
import os
import platform
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.peers.catalogue import NODE_FOLDER
from bench.stage import ROOT, Stage

PYTHON_LIBRARIES = ("strawberry-graphql", "graphql-core", "starlette", "uvicorn", "uvloop", "pymongo", "orjson")


def described(stage: Stage) -> dict[str, Any]:
    """Everything a reader needs to judge the figures."""
    with stage.mongodb() as client:
        mongodb = client.server_info()["version"]
    return {
        "taken_at": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": _said("git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"),
        "cores": os.cpu_count(),
        "processor": _found(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo")),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "node": _said("node", "--version").removeprefix("v"),
        "mongod": mongodb,
        "libraries": {name: importlib.metadata.version(name) for name in PYTHON_LIBRARIES} | _node_libraries(),
    }


def load_average() -> float:
    """Of the last minute, before anything is measured: 0 on a quiet machine."""
    return os.getloadavg()[0]


def _node_libraries() -> dict[str, str]:
    path = NODE_FOLDER / "package.json"
    return dict(json.loads(path.read_text())["dependencies"]) if path.exists() else {}


def _said(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _found(pattern: str, path: Path) -> str:
    found = re.search(pattern, path.read_text())
    return found[1] if found else "unknown"
