"""`python -m bench sign-in`: how long others wait while twenty people sign in, and the same were hashing on the loop.

Twenty clients sign in at once, each as somebody else; beside them a few ask for `{__typename}`, once in ten
milliseconds each, and wait for the answer. Each build is measured alone first, in turn and in several rounds.
"""

import argparse
import asyncio
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import documents
from auth.password import PasswordHasher
from bench.asking import run_load
from bench.machine import described
from bench.measure import Spread
from bench.peers.catalogue import OURS, Peer
from bench.processes import Child
from bench.results import save
from bench.stage import Stage, staged
from bench.workloads import ask
from documents.base import utc_now

ON_LOOP = Peer("on_loop", "hashing on the loop", (*OURS.command[:2], "bench.peers.hash_on_loop"), is_signed_in=True)
BUILDS = (OURS, ON_LOOP)
PEOPLE = 20
PASSWORD = "a password of the benchmark only"
SIGN_IN = (
    "mutation In($input: SignInInput!) { signIn(input: $input) { ... on SignInSuccess { session { accessToken } } } }"
)
ASKING, PAUSE = 4, 0.01
LONGEST = 120.0
GOAL_MS = 50


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    # Less than the sign-ins take, on one thread a third of a second each.
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as name, staged(Path(name)) as stage, ExitStack() as stack:
        asyncio.run(_people(stage))
        children = {build.name: stack.enter_context(build.start(stage, {})) for build in BUILDS}
        rounds = [
            {name: _round(child, arguments.seconds) for name, child in children.items()}
            for _ in range(arguments.rounds)
        ]
        save("sign-in", {"machine": described(stage), "people": PEOPLE, "rounds": rounds})
    for build in BUILDS:
        print(_line(build, [one[build.name] for one in rounds]), flush=True)


def _line(build: Peer, rounds: list[dict[str, Any]]) -> str:
    def of(part: str, figure: str) -> Spread:
        return Spread.of([one[part][figure] for one in rounds])

    verdict = "within" if of("beside", "p99").median < GOAL_MS else "above"
    return (
        f"{build.title:20} p99 alone {of('alone', 'p99')} ms, beside {PEOPLE} sign-ins {of('beside', 'p99')} ms "
        f"(most {of('beside', 'most')}; {verdict} {GOAL_MS} ms), the last of them after {of('sign_ins', 'most')} ms, "
        f"{sum(one['sign_ins']['bad'] for one in rounds)} not in time"
    )


def _round(child: Child, seconds: float) -> dict[str, Any]:
    port = child.port or 0
    alone = _asked(port, seconds)
    signing = [ask(SIGN_IN, None, {"input": {"email": _email(n), "password": PASSWORD}}) for n in range(PEOPLE)]
    with ThreadPoolExecutor(1) as thread:
        # Not strict: on the loop of a busy machine some take longer than an operation may.
        options: dict[str, Any] = {"connections": PEOPLE, "is_once": True, "is_strict": False}
        load = thread.submit(run_load, port, signing, seconds=LONGEST, mark='"accessToken"', **options)
        beside = _asked(port, seconds)
        sign_ins = load.result()
    return {"alone": alone, "beside": beside, "sign_ins": sign_ins}


def _asked(port: int, seconds: float) -> dict[str, Any]:
    request = ask("{ __typename }", None)
    return run_load(port, [request], seconds=seconds, connections=ASKING, pause=PAUSE, mark='"__typename"')


def _email(number: int) -> str:
    return f"person-{number}@example.com"


async def _people(stage: Stage) -> None:
    """Those who sign in, with hashes as dear as in production."""
    async with stage.backend():
        password_hash = await PasswordHasher().hash(PASSWORD)
        for number in range(PEOPLE):
            user = documents.User(
                email=_email(number),
                name=f"Person {number}",
                password_hash=password_hash,
                email_verified_at=utc_now(),
            )
            await user.insert()


if __name__ == "__main__":
    main()
