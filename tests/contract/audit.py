"""`make audit`: is a pinned package known to be vulnerable, and is everything that gets installed pinned?

Ends with 0 when nothing is known, 1 when something is vulnerable, 2 when that could not be found out, 3 when a package
is not pinned. pip-audit itself ends with 0 when an index knows none of the packages, and with 1 when it has no network.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, distribution

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.contract.sources import ROOT

PROJECT = "cloudwatcher"
# Comes with Python's own virtual environments, in the version that Python brings along.
NOT_OURS = {PROJECT, "pip"}
EXTRAS = frozenset({"", "demo", "dev", "embedded"})
PINS = ROOT / "constraints.txt"
# The first that knows all packages is believed; the other one is asked only when it does not.
SERVICES = ("pypi", "osv")
TIME_LIMIT = 600
CLEAN, VULNERABLE, UNKNOWN, UNPINNED = range(4)


@dataclass(frozen=True)
class Report:
    """What one service says: packages with their advisories, and those it could say nothing of."""

    vulnerable: dict[str, list[str]] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    problem: str = ""

    @property
    def is_complete(self) -> bool:
        """Whether something is known of every package."""
        return not self.unknown and not self.problem


Ask = Callable[[str], Report]


def parse(output: str, error: str = "") -> Report:
    """Reads what pip-audit prints as JSON. Anything else means that it could not ask."""
    try:
        packages = json.loads(output)["dependencies"]
    except (ValueError, KeyError, TypeError):
        lines = error.strip().splitlines()
        return Report(problem=lines[-1] if lines else "pip-audit said nothing")
    vulnerable = {f"{one['name']} {one['version']}": _advisories(one) for one in packages if one.get("vulns")}
    return Report(vulnerable, [one["name"] for one in packages if "skip_reason" in one])


def _advisories(package: dict[str, list[dict[str, object]]]) -> list[str]:
    return [f"{each['id']}, mended in {each['fix_versions'] or 'no version yet'}" for each in package["vulns"]]


def ask(service: str) -> Report:
    """Has pip-audit ask one service about every pin. Needs the network."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(PINS), "--no-deps", "--disable-pip"]
    options = ["--progress-spinner", "off", "--format", "json", "--vulnerability-service", service]
    try:
        done = subprocess.run(
            [*command, *options], capture_output=True, text=True, timeout=TIME_LIMIT, check=False, cwd=ROOT
        )
    except subprocess.TimeoutExpired:
        return Report(problem=f"no answer within {TIME_LIMIT} s")
    return parse(done.stdout, done.stderr)


def installed(name: str = PROJECT, extras: frozenset[str] = EXTRAS, seen: set[str] | None = None) -> Iterator[str]:
    """The names of all the project needs, and of what that needs; what is not installed here cannot be followed."""
    seen = set() if seen is None else seen
    try:
        wanted = [Requirement(line) for line in distribution(name).requires or ()]
    except PackageNotFoundError:
        return
    for one in wanted:
        needed, key = canonicalize_name(one.name), f"{one.name}{sorted(one.extras)}"
        if key in seen or (one.marker and not any(one.marker.evaluate({"extra": extra}) for extra in extras)):
            continue
        seen.add(key)
        if needed not in NOT_OURS:
            yield needed
        yield from installed(one.name, frozenset({"", *one.extras}), seen)


def unpinned(names: set[str], pins: str) -> list[str]:
    """The names without a line name==version."""
    pinned = {canonicalize_name(line.split("==")[0]) for line in pins.splitlines() if "==" in line}
    return sorted(names - pinned)


def verdict(ask: Ask, loose: list[str]) -> tuple[int, list[str]]:
    """(how to end, what to print)."""
    if loose:
        return UNPINNED, [f"Not pinned in constraints.txt: {', '.join(loose)}. Run `make constraints`."]
    said: list[str] = []
    for service in SERVICES:
        report = ask(service)
        if report.vulnerable:
            return VULNERABLE, [f"{name}: {'; '.join(each)}" for name, each in report.vulnerable.items()]
        if report.is_complete:
            return CLEAN, [f"No known vulnerability in any pinned package, says {service}."]
        said.append(f"{service}: {report.problem or f'knows nothing of {len(report.unknown)} packages'}")
    return UNKNOWN, ["NOT AUDITED: whether a pinned package is vulnerable could not be found out.", *said]


def main() -> int:
    ending, lines = verdict(ask, unpinned(set(installed()), PINS.read_text()))
    print("\n".join(lines))
    return ending


if __name__ == "__main__":
    sys.exit(main())
