"""What a ticket says: a small language of placeholders, in which nothing can be called and nothing can loop."""

from collections.abc import Mapping

from jinja2 import TemplateError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from domain.errors import Invalid

DEFAULT_SUMMARY = "{{ title }}"
DEFAULT_DESCRIPTION = """{{ message }}
Severity: {{ severity }}
Source: {{ source }}
{% if account %}Account: {{ account }}{% endif %}
{% if resource %}Resource: {{ resource }}{% endif %}
{% if region %}Region: {{ region }}{% endif %}
{% if principal %}Done by: {{ principal }}{% endif %}
Seen in CloudWatcher: {{ link }}
This ticket is closed by CloudWatcher once the cause is verified to be gone."""
# What a template may name. All are text, empty where the alert does not have it.
NAMES = frozenset(
    {
        "account",
        "category",
        "link",
        "message",
        "organization",
        "principal",
        "raised_at",
        "region",
        "resource",
        "severity",
        "source",
        "title",
    }
)
# One line. Source: Jira Cloud, summary must be less than 255 characters.
LONGEST_SUMMARY = 254
# Jira takes 32,767 characters of text; marks of the document count too.
LONGEST_DESCRIPTION = 20_000
FILTERS = frozenset({"default", "lower", "title", "trim", "truncate", "upper"})
_ALLOWED = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Const,
    nodes.If,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Filter,
)
# Plain text, which Jira shows as it is.
_ENVIRONMENT = ImmutableSandboxedEnvironment(autoescape=False)


def check_template(text: str, path: tuple[str, ...]) -> str:
    """The template as it is. Raises Invalid for one that does not parse or asks for what is not there."""
    try:
        tree = _ENVIRONMENT.parse(text)
    except TemplateError as error:
        raise Invalid(f"This is no template: {error}", path=path) from error
    for node in tree.find_all(nodes.Node):
        if not isinstance(node, _ALLOWED):
            raise Invalid("A template holds placeholders, filters and if, and nothing else.", path=path)
        if isinstance(node, nodes.Name) and node.name not in NAMES:
            raise Invalid(f"There is no {node.name}: use {', '.join(sorted(NAMES))}.", path=path)
        if isinstance(node, nodes.Filter) and node.name not in FILTERS:
            raise Invalid(f"There is no filter {node.name}: use {', '.join(sorted(FILTERS))}.", path=path)
    return text


def summary_of(template: str | None, values: Mapping[str, str]) -> str:
    """The summary of a ticket: one line that is not empty."""
    line = " ".join(_rendered(template or DEFAULT_SUMMARY, values).split())
    return _cut(line or values.get("title") or "Alert", LONGEST_SUMMARY)


def description_of(template: str | None, values: Mapping[str, str]) -> str:
    """The description of a ticket as plain text, without empty lines at its ends."""
    return _cut(_rendered(template or DEFAULT_DESCRIPTION, values).strip(), LONGEST_DESCRIPTION)


def _rendered(template: str, values: Mapping[str, str]) -> str:
    return _ENVIRONMENT.from_string(template).render({name: values.get(name, "") for name in NAMES})


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
