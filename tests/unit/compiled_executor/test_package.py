"""The executor can be published by itself: it needs nothing of the application."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from tests.contract.sources import ROOT, code
from tests.contract.test_imports import imports

PACKAGE = ROOT / "compiled_executor"

USE = """
import sys, strawberry
from compiled_executor import CompiledExecutor

@strawberry.type
class Query:
    word: str = "ready"

schema = strawberry.Schema(Query, execution_context_class=CompiledExecutor)
assert schema.execute_sync("{ word }", root_value=Query()).data == {"word": "ready"}
import compiled_executor
print(compiled_executor.__path__[0], sorted({"app", "domain", "schema", "pymongo", "starlette"} & set(sys.modules)))
"""


def test_it_runs_without_the_application(tmp_path: Path) -> None:
    shutil.copytree(PACKAGE, tmp_path / PACKAGE.name, ignore=shutil.ignore_patterns("__pycache__"))

    used = subprocess.run([sys.executable, "-c", USE], cwd=tmp_path, check=True, capture_output=True, text=True)

    assert used.stdout.strip() == f"{tmp_path / PACKAGE.name} []"


def test_it_declares_what_it_imports_and_nothing_else() -> None:
    project = tomllib.loads((PACKAGE / "pyproject.toml").read_text())["project"]
    declared = {re.split("[<>=]", requirement)[0] for requirement in project["dependencies"]}
    imported = {name.split(".")[0] for source in code("compiled_executor") for name, _, _ in imports(source)}

    assert declared == {"strawberry-graphql", "graphql-core"}
    assert imported - sys.stdlib_module_names == {"strawberry", "graphql", "compiled_executor"}
