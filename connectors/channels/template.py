"""An organization's own words for a notice: a small part of Jinja, of which every template ends soon, whatever it says.

Values are put in, tested and shortened, and the lines of the notice gone through once. There is no arithmetic, no call,
no loop in a loop: neither time nor memory can be used up. What comes out is plain text; each channel escapes it.
"""

from collections.abc import Iterator
from typing import Any

from jinja2 import StrictUndefined, nodes
from jinja2.exceptions import TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from domain.errors import Invalid
from domain.facts.notice import Notice

MOST_TEMPLATE, MOST_TEXT = 4000, 20_000
# Values that go into a text are cut: a template may name one many times.
MOST_VALUE, MOST_LINES = 4000, 100
FILTERS = {"upper", "lower", "title", "capitalize", "trim", "truncate", "default", "length"}
ALLOWED = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Getattr,
    nodes.Const,
    nodes.If,
    nodes.CondExpr,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Test,
    nodes.Filter,
    nodes.Keyword,
    nodes.For,
)
LINE_FIELDS = {"label", "text", "link"}
LOOPS_OVER = "lines"

_ENVIRONMENT = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False, trim_blocks=True)


def check_template(text: str) -> None:
    """Raises Invalid, with what is wrong and where, for a template that would not be rendered."""
    if len(text) > MOST_TEMPLATE:
        raise Invalid(f"A template has {MOST_TEMPLATE} characters at most.")
    try:
        tree = _ENVIRONMENT.parse(text)
    except (TemplateError, RecursionError) as error:
        raise Invalid(f"The template cannot be read: {error}.") from error
    for problem in _problems(tree):
        raise Invalid(problem)


def render_template(text: str, notice: Notice) -> str:
    """The text for this notice. Raises Invalid for a template that may not be used, or uses what the notice lacks."""
    check_template(text)
    parts: list[str] = []
    length = 0
    try:
        for part in _ENVIRONMENT.from_string(text).generate(values_of(notice)):
            length += len(part)
            parts.append(part)
            if length > MOST_TEXT:
                break
    except (TemplateError, TypeError, ValueError, RecursionError) as error:
        raise Invalid(f"The template cannot be filled in: {error}.") from error
    return "".join(parts)[:MOST_TEXT].strip()


def values_of(notice: Notice) -> dict[str, Any]:
    """What a template may use, by name: the notice's own values, and these."""
    values = {
        "title": notice.title,
        "message": notice.message,
        "organization": notice.organization,
        "kind": notice.kind.value,
        "severity": notice.severity.value if notice.severity else "",
        "link": notice.link or "",
        "at": notice.at.strftime("%Y-%m-%d %H:%M UTC"),
    }
    lines = [
        {"label": line.label, "text": line.text[:MOST_VALUE], "link": line.link or ""}
        for line in notice.lines[:MOST_LINES]
    ]
    return {name: value[:MOST_VALUE] for name, value in {**notice.values, **values}.items()} | {"lines": lines}


def _problems(tree: nodes.Template) -> Iterator[str]:
    for node in tree.find_all(nodes.Node):
        if not isinstance(node, ALLOWED):
            yield f"Line {node.lineno}: {type(node).__name__} is not offered in templates."
        elif isinstance(node, nodes.Filter) and node.name not in FILTERS:
            yield f"Line {node.lineno}: there is no filter {node.name}. There are {', '.join(sorted(FILTERS))}."
        elif isinstance(node, nodes.Getattr) and node.attr not in LINE_FIELDS:
            yield f"Line {node.lineno}: a line has label, text and link, and no {node.attr}."
        elif isinstance(node, nodes.For):
            yield from _loop_problems(node)


def _loop_problems(loop: nodes.For) -> Iterator[str]:
    over = loop.iter
    if not isinstance(over, nodes.Name) or over.name != LOOPS_OVER or loop.recursive:
        yield f"Line {loop.lineno}: only the lines can be gone through: {{% for line in lines %}}."
    if any(True for child in loop.iter_child_nodes() for _ in _loops_in(child)):
        yield f"Line {loop.lineno}: there is no loop in a loop."


def _loops_in(node: nodes.Node) -> Iterator[nodes.Node]:
    if isinstance(node, nodes.For):
        yield node
    yield from node.find_all(nodes.For)
