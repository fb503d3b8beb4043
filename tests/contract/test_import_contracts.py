"""The import contracts of pyproject.toml can fail: a small house of the same rooms, with one forbidden import each."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.contract.sources import PACKAGES, ROOT

ROOMS = (
    "app/tasks.py",
    "app/cli/main.py",
    "compiled_executor/executor.py",
    "compiled_executor/operation.py",
    "connectors/clouds/aws/s3.py",
    "connectors/clouds/gcp/storage.py",
    "domain/detectors/gpu_launch.py",
    "domain/detectors/role_chain.py",
    "domain/bundled/tc_phi_01.py",
    "domain/controls/cw_net_01.py",
    "domain/controls/cw_net_02.py",
    "domain/rules/aws/ec2.py",
    "domain/rules/aws/s3.py",
    "documents/finding.py",
    "documents/alert.py",
    "jobs/queue.py",
    "jobs/schedule.py",
    "jobs/tasks/sync_account.py",
    "resolvers/account.py",
    "resolvers/finding.py",
    "schema/finding.py",
)
# Per contract: module, and an import it must not have.
FORBIDDEN = {
    "layers": (
        ("documents/alert.py", "import live"),
        ("documents/finding.py", "import auth"),
        ("domain/rules/aws/s3.py", "import documents.finding"),
        ("resolvers/finding.py", "import app"),
        ("schema/finding.py", "import jobs.queue"),
    ),
    "resolvers-ask-for-jobs": (
        ("resolvers/account.py", "import jobs.schedule"),
        ("resolvers/finding.py", "from jobs.tasks import sync_account"),
    ),
    "requests-never-wait-for-a-cloud": (
        ("resolvers/finding.py", "import connectors.clouds.aws.s3"),
        ("schema/finding.py", "def f():\n    from connectors.clouds import aws"),
    ),
    "tasks-run-in-the-worker": (("app/cli/main.py", "from jobs.tasks import sync_account"),),
    "strawberry-stays-on-top": (
        ("documents/alert.py", "from graphql import parse"),
        ("jobs/queue.py", "import strawberry"),
    ),
    "domain-is-pure": (("domain/rules/aws/s3.py", "from beanie import Document"),),
    "vendors-stand-alone": (("connectors/clouds/aws/s3.py", "import connectors.clouds.gcp.storage"),),
    "detectors-stand-alone": (("domain/detectors/gpu_launch.py", "from domain.detectors import role_chain"),),
    "controls-stand-alone": (
        ("domain/controls/cw_net_01.py", "from domain.controls import cw_net_02"),
        ("domain/bundled/tc_phi_01.py", "from domain.controls import cw_net_02"),
    ),
    "rules-stand-alone": (("domain/rules/aws/s3.py", "from domain.rules.aws import ec2"),),
    "the-executor-stands-alone": (
        ("compiled_executor/operation.py", "import domain.errors"),
        ("compiled_executor/executor.py", "import orjson"),
    ),
    "no-cycles": (("documents/finding.py", "import documents.alert"),),
}
ALLOWED = (
    ("app/tasks.py", "from jobs.tasks import sync_account"),
    ("resolvers/finding.py", "import jobs.queue"),
    ("schema/finding.py", "import strawberry"),
    ("documents/alert.py", "import documents.finding"),
    ("jobs/tasks/sync_account.py", "from connectors.clouds import aws"),
)


@pytest.fixture
def house(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    for room in (*ROOMS, *(f"{package}/__init__.py" for package in PACKAGES)):
        path = tmp_path / room
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        for folder in path.relative_to(tmp_path).parents[:-1]:
            (tmp_path / folder / "__init__.py").touch()
    for room, line in ALLOWED:
        (tmp_path / room).write_text(f"{line}\n")
    return tmp_path


def lint(house: Path, *contracts: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"]
    for contract in contracts:
        command += ["--contract", contract]
    # -c puts the working folder first on the path, so that the house is found and not the project itself.
    return subprocess.run(command, cwd=house, capture_output=True, text=True, check=False)


def test_what_the_house_allows_keeps_every_contract(house):
    result = lint(house)

    assert result.returncode == 0, result.stdout + result.stderr
    assert "0 broken" in result.stdout


def test_every_contract_is_tried():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]

    assert {contract["id"] for contract in contracts} == set(FORBIDDEN)


@pytest.mark.parametrize("contract", FORBIDDEN)
def test_forbidden_imports_break_their_contract(house, contract):
    for room, line in FORBIDDEN[contract]:
        with (house / room).open("a") as file:
            file.write(f"{line}\n")

    result = lint(house, contract)

    assert result.returncode == 1, result.stdout + result.stderr
    for room, _ in FORBIDDEN[contract]:
        assert f".{Path(room).stem} ->" in result.stdout
