"""Plays every remedy and keeps how far each rule came. `make remedies` runs it; that takes some minutes.

A stand-in that is missing leaves its rules out, and then less is reached than what is committed.
"""

import subprocess
import sys
from pathlib import Path

from tests.factories.remedies import KEPT

ROOT = Path(__file__).parents[2]
SYSTEMS = ("aws", "azure", "gcp", "digitalocean", "github", "okta")
TESTS = (
    *(f"tests/integration/test_{system}_remedies.py" for system in SYSTEMS),
    "tests/integration/test_aws_remedies_by_order.py",
)
# The last test of each file holds it to what is committed, which is made anew here.
COMPARES = "the_page_of_rules"


def record(into: Path) -> int:
    """How far the plays come, in one file. Gives the exit code of the tests."""
    into.unlink(missing_ok=True)
    plugin = ["-p", "tests.factories.remedies", "--remedies-into", str(into), "-p", "no:cacheprovider", "-q"]
    command = [sys.executable, "-m", "pytest", *plugin, "-k", f"not {COMPARES}", *TESTS]
    return subprocess.run(command, cwd=ROOT, stdout=sys.stderr, check=False).returncode


if __name__ == "__main__":
    sys.exit(record(KEPT))
