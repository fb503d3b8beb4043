"""What statements about the whole project look at: its Python files, parsed, and all its text files."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = (
    "app", "auth", "compiled_executor", "connectors", "documents", "domain", "jobs", "live", "resolvers", "schema",
)  # fmt: skip
_TEXT = {".cfg", ".graphql", ".ini", ".json", ".md", ".mjs", ".py", ".sh", ".toml", ".txt", ".yaml", ".yml", ""}
_NOT_OURS = {"__pycache__", "build", "dist", "htmlcov", "node_modules"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Source:
    """`path` is relative to the project, with slashes."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @cached_property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    def at(self, node: ast.AST) -> str:
        return f"{self.path}:{getattr(node, 'lineno', 1)}"

    def functions(self) -> Iterator[tuple[str, Function]]:
        """(qualified name, function) of every function and method, nested ones too."""
        yield from _functions(self.tree, "")


def _functions(node: ast.AST, prefix: str) -> Iterator[tuple[str, Function]]:
    for child in ast.iter_child_nodes(node):
        name = f"{prefix}{child.name}" if isinstance(child, Function | ast.ClassDef) else prefix.rstrip(".")
        if isinstance(child, Function):
            yield name, child
        yield from _functions(child, f"{name}." if name else "")


def files() -> Iterator[Path]:
    """Every file of the project, but for what tools put beside it."""
    yield from _files(ROOT)


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        is_hidden = path.name.startswith(".") and path.name not in {".ci", ".gitignore"}
        if is_hidden or path.name in _NOT_OURS or path.name.endswith(".egg-info"):
            continue
        if path.is_dir():
            yield from _files(path)
        else:
            yield path


@cache
def texts() -> tuple[Source, ...]:
    """Every text file of the project."""
    return tuple(
        Source(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
        for path in files()
        if path.suffix in _TEXT
    )


@cache
def code(*folders: str) -> tuple[Source, ...]:
    """Every Python file below these top-level folders; the product's own when none is named."""
    wanted = folders or PACKAGES
    return tuple(source for source in texts() if source.path.endswith(".py") and source.path.split("/")[0] in wanted)


def sample(text: str, path: str = "documents/sample.py") -> Source:
    """A made-up file, to show that a check can fail."""
    return Source(path, text)
