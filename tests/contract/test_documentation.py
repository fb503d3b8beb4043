"""What the pages and the Procfile name exists: files, tests, commands of make and of cloudwatcher, settings."""

import json
import re
from collections.abc import Iterable
from pathlib import PurePosixPath

import graphql
import pytest
import typer
from pydantic import AliasChoices
from pydantic_core import to_jsonable_python

from app.cli.main import app
from app.kms import KmsSettings
from app.settings import Settings
from tests.contract.sources import PACKAGES, ROOT, Source, sample, texts

FOLDERS = {*PACKAGES, ".ci", "bench", "docs", "tests"}
CODE = re.compile(r"^```.*?^```|`[^`\n]+`", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")
MAKE = re.compile(r"(?<![\w-])make (?:\w+=\S+ )*([a-z]+)")
COMMAND = re.compile(r"(?<![\w./-])cloudwatcher ([a-z][a-z-]+)")
WORD = re.compile(r"[\w./:\[\]-]+")


def pages() -> list[Source]:
    return [source for source in texts() if source.path.endswith(".md")]


def snippets(page: Source) -> list[str]:
    """Everything set as code, in a line or in a block."""
    return [match.strip("`") for match in CODE.findall(page.text)]


def named_files(page: Source) -> set[str]:
    """Files, folders and tests (file::name) a page names, relative to the project."""
    words = {word.rstrip(".:") for snippet in snippets(page) for word in WORD.findall(snippet)}
    ours = {word for word in words if "/" in word and word.split("/")[0] in FOLDERS}
    here = PurePosixPath(page.path).parent
    return ours | {_joined(here, link) for link in LINK.findall(page.text)}


def _joined(folder: PurePosixPath, link: str) -> str:
    return (ROOT / folder / link).resolve().relative_to(ROOT).as_posix()


def exists(name: str) -> bool:
    path, _, test = name.partition("::")
    if not (ROOT / path).exists():
        return False
    return not test or f"def {test}(" in (ROOT / path).read_text()


def named_in_code(pattern: re.Pattern[str], page: Source) -> set[str]:
    return {name for snippet in snippets(page) for name in pattern.findall(snippet)}


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))


def blocks(language: str, text: str) -> list[str]:
    """The contents of the fenced blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def settings_table(fields: Iterable[str]) -> list[str]:
    """One row per setting: its name in the environment, its default, its description."""
    rows = ["| name | default | what it is |", "| --- | --- | --- |"]
    for field in fields:
        info = Settings.model_fields[field]
        alias = info.validation_alias
        name = alias.choices[0] if isinstance(alias, AliasChoices) else f"CLOUDWATCHER_{field.upper()}"
        default = to_jsonable_python(info.get_default(call_default_factory=True, validated_data={}))
        shown = "not set" if default is None else f"`{default if isinstance(default, str) else json.dumps(default)}`"
        rows.append(f"| `{name}` | {shown} | {info.description} |")
    return rows


def test_every_file_the_pages_name_exists():
    assert sorted({f"{page.path}: {name}" for page in pages() for name in named_files(page) if not exists(name)}) == []


def unlinked(listed: Iterable[Source], fronts: Iterable[Source]) -> list[str]:
    """Pages under docs that no front page links to; decisions are linked as a folder."""
    linked = {_joined(PurePosixPath(front.path).parent, link) for front in fronts for link in LINK.findall(front.text)}
    return sorted(page.path for page in listed if page.path.startswith("docs/") and not _is_linked(page.path, linked))


def _is_linked(path: str, linked: set[str]) -> bool:
    return path in linked or PurePosixPath(path).parent.as_posix() in linked


def test_every_page_is_linked_from_one_of_the_front_pages():
    assert unlinked(pages(), [page for page in pages() if page.path in ("README.md", "CONTRIBUTING.md")]) == []


def test_a_page_that_nothing_links_to_is_noticed():
    front = sample("[a](docs/a.md), [decisions](docs/adr)", "README.md")
    listed = [sample("", f"docs/{name}.md") for name in ("a", "b", "adr/0001")]

    assert unlinked(listed, [front]) == ["docs/b.md"]


def test_every_make_target_the_pages_name_exists():
    named = {name for page in pages() for name in named_in_code(MAKE, page)}

    assert named - make_targets() == set()


def test_every_command_of_cloudwatcher_the_pages_name_exists():
    commands = typer.main.get_command(app)
    named = {name for page in pages() for name in named_in_code(COMMAND, page)}

    assert named - set(getattr(commands, "commands", {})) == set()


def test_every_process_of_the_procfile_is_a_program():
    lines = dict(line.split(": ") for line in (ROOT / "Procfile").read_text().splitlines())

    assert set(lines) == {"web", "worker"}
    for command in lines.values():
        python, flag, module = command.split()
        assert (python, flag) == ("python", "-m")
        assert 'if __name__ == "__main__":' in (ROOT / f"{module.replace('.', '/')}.py").read_text()


@pytest.mark.parametrize(
    ("page", "fields"),
    [
        (
            "docs/operations/running.md",
            [name for name in Settings.model_fields if name not in KmsSettings.model_fields],
        ),
        ("docs/operations/keys.md", [*KmsSettings.model_fields]),
    ],
)
def test_the_settings_are_documented_as_they_are(page, fields):
    table = "\n".join(settings_table(fields))

    assert table in (ROOT / page).read_text(), f"{page} should hold:\n{table}"


def test_every_operation_of_the_pages_is_valid():
    schema = graphql.build_schema((ROOT / "schema/schema.graphql").read_text())
    operations = [(page.path, block) for page in pages() for block in blocks("graphql", page.text)]

    assert operations
    assert [(path, graphql.validate(schema, graphql.parse(one))) for path, one in operations] == [
        (path, []) for path, _ in operations
    ]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("see `domain/nowhere.py`.", {"domain/nowhere.py"}),
        ("see `tests/contract/test_sizes.py::test_gone`", {"tests/contract/test_sizes.py::test_gone"}),
        ("[ADR](adr/0000-gone.md#why)", {"docs/adr/0000-gone.md"}),
        ("```\npython -m x app/gone.py\n```", {"app/gone.py"}),
    ],
)
def test_a_missing_file_is_noticed(text, named):
    assert named_files(sample(text, "docs/sample.md")) == named
    assert not any(exists(name) for name in named)


@pytest.mark.parametrize("text", ["`text/event-stream`", "[x](https://example.com/app/y)", "`domain/rules/<provider>`"])
def test_other_words_with_a_slash_are_left_alone(text):
    assert all(exists(name) for name in named_files(sample(text, "docs/sample.md")))


def test_commands_are_read_out_of_lines_and_blocks():
    page = sample("`make gone`, make no fuss\n```\n$ make PYTHON=x lost\ncloudwatcher vanish --now\n```\n")

    assert named_in_code(MAKE, page) == {"gone", "lost"}
    assert named_in_code(COMMAND, page) == {"vanish"}
