"""Which servers are compared, how each is started, and how it wants to be asked."""

import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.processes import Child, CouldNotStart, free_port
from bench.stage import BUILD, ROOT, Stage

HERE = Path(__file__).parent
NODE_FOLDER = BUILD / "peers"


@dataclass(frozen=True, slots=True)
class Peer:
    """`has_routes`: it has a hand-written route for each workload instead of a graph. `takes_events`: it is told of
    alerts by the database as the product is, else by POST /publish.
    """

    name: str
    title: str
    command: tuple[str, ...]
    is_signed_in: bool = False
    has_routes: bool = False
    takes_events: bool = False

    def start(self, stage: Stage, more: Mapping[str, str]) -> Child:
        """The process, listening. Raises CouldNotStart."""
        port = free_port()
        folder = NODE_FOLDER if self.command[0] == "node" else ROOT
        env = stage.environment(port, **more)
        child = Child(self.command, env=env, log=stage.folder / f"{self.name}.log", folder=folder, port=port)
        child.await_port()
        return child


def _python(module: str) -> tuple[str, ...]:
    return (sys.executable, "-m", module)


OURS = Peer("ours", "CloudWatcher", _python("app.web"), is_signed_in=True, takes_events=True)
PLAIN = Peer("plain", "plain Strawberry", _python("bench.peers.plain"), is_signed_in=True, takes_events=True)
MERCURIUS = Peer("mercurius", "Mercurius with JIT", ("node", "mercurius.mjs"))
YOGA = Peer("yoga", "GraphQL Yoga", ("node", "yoga.mjs"))
APOLLO = Peer("apollo", "Apollo Server", ("node", "apollo.mjs"))
BARE = Peer("bare", "bare Starlette", _python("bench.peers.bare"), has_routes=True)
RAW = Peer("raw", "raw sockets", _python("bench.peers.raw_sockets"))
COMPARED = (OURS, PLAIN, MERCURIUS, YOGA, APOLLO, BARE)
FANNED_OUT = (OURS, PLAIN, MERCURIUS, YOGA, RAW)


def chosen(peers: tuple[Peer, ...], names: list[str]) -> tuple[Peer, ...]:
    """Those with these names, all when none is named; ours is always among them."""
    return tuple(peer for peer in peers if not names or peer.name in {"ours", *names})


def install_node_peers() -> None:
    """Copies the Node servers into the build folder and installs what they need there, once per list of versions."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise CouldNotStart(
            "The comparison needs Node 20 and npm on PATH; --peers plain,bare leaves the Node servers out."
        )
    NODE_FOLDER.mkdir(parents=True, exist_ok=True)
    wanted = (HERE / "package.json").read_text()
    installed = NODE_FOLDER / "installed.json"
    for path in (*HERE.glob("*.mjs"), HERE / "package.json", HERE / ".npmrc"):
        shutil.copy(path, NODE_FOLDER / path.name)
    if installed.exists() and installed.read_text() == wanted:
        return
    print("Installing the Node servers into build/bench; once.", flush=True)
    subprocess.run(["npm", "install", "--omit=dev", "--loglevel=error"], cwd=NODE_FOLDER, check=True)
    installed.write_text(wanted)
