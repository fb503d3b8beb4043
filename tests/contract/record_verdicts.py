"""Runs the tests that judge and keeps which verdicts each procedure came to. `make controls` runs it.

What a stand-in is missing for is left out, and then less is reached than what is committed.
"""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.factories.verdicts import ANSWERS, EXAMPLES

ROOT = Path(__file__).parents[2]
EXAMPLE_TESTS = ("tests/unit/domain/controls", "tests/unit/domain/bundled")
SYSTEMS = ("aws", "azure", "gcp", "digitalocean", "github", "okta", "jira", "slack")
STAND_IN_TESTS = (
    "tests/integration/test_aws_governance.py",
    *(f"tests/integration/test_{system}_connector.py" for system in SYSTEMS),
    *sorted(str(file.relative_to(ROOT)) for file in ROOT.glob("tests/integration/test_*_controls.py")),
)


def record_examples(into: Path) -> int:
    """What procedures come to in their own tests. Gives the exit code of the tests."""
    return _record(EXAMPLE_TESTS, into, "--noconftest")


def record_answers(into: Path) -> int:
    """What they come to on what connectors read."""
    return _record(STAND_IN_TESTS, into)


def _record(tests: Sequence[str], into: Path, *options: str) -> int:
    plugin = ["-p", "tests.factories.verdicts", "--verdicts-into", str(into), "-p", "no:cacheprovider", "-q"]
    command = [sys.executable, "-m", "pytest", *plugin, *options, *tests]
    return subprocess.run(command, cwd=ROOT, stdout=sys.stderr, check=False).returncode


if __name__ == "__main__":
    sys.exit(record_examples(EXAMPLES) or record_answers(ANSWERS))
