"""The frameworks that come with the product, found by reading their folder."""

from functools import cache
from importlib import resources

from domain.compliance.framework import Framework
from domain.compliance.framework_text import Known, framework_of_toml
from domain.compliance.tightening import control_ids
from domain.rules.registry import all_rules


@cache
def known() -> Known:
    """The controls and rules that frameworks may name."""
    return Known(control_ids(), frozenset(rule.id for rule in all_rules()))


@cache
def all_frameworks() -> tuple[Framework, ...]:
    """Every framework that comes with the product, by id. Raises Invalid, with file and line, for a faulty one."""
    folder = resources.files("domain.frameworks")
    files = sorted(file.name for file in folder.iterdir() if file.name.endswith(".toml"))
    texts = {name: folder.joinpath(name).read_text(encoding="utf-8") for name in files}
    return tuple(framework_of_toml(text, known(), name=name) for name, text in texts.items())


def find_framework(framework_id: str) -> Framework | None:
    """The framework of the product with this id, None where there is none."""
    return next((framework for framework in all_frameworks() if framework.id == framework_id), None)
