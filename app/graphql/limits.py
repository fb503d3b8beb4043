"""The shape limits of a document, held by one validation rule that stops all others when it is broken.

Sizes are those an operation has with its fragments put in. Fragments are measured once each, so that a document cannot
make the measuring itself dear; unknown fragments count nothing here, another rule refuses them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    SelectionSetNode,
    ValidationRule,
)
from graphql.validation.validate import ValidationAbortedError

from app.graphql.applied import mark_of
from app.graphql.errors import ErrorCode
from schema.directives import Credential

MAX_SOURCE_LENGTH = 100_000
MAX_TOKENS = 2000
MAX_COMMENTS = 1000
MAX_DEPTH = 12
MAX_ALIASES = 30
MAX_ROOT_FIELDS = 10
MAX_DIRECTIVES = 50
# About as many as a document of 2000 tokens can spell out; many more only come from fragments within fragments.
MAX_SELECTIONS = 1000
# The rule about overlapping fields compares each pair of fields that merge: 20 000 pairs took 0.6 s, 5000 below 0.15.
MAX_PAIRS = 5000
# The parser stops at 200 for one definition; fragments can chain definitions.
MAX_NESTING = 100

PARSE_OPTIONS: dict[str, Any] = {
    "max_source_length": MAX_SOURCE_LENGTH,
    "max_lexical_tokens": MAX_TOKENS,
    "max_comments": MAX_COMMENTS,
}


@dataclass(slots=True)
class Size:
    """How big a selection is: its deepest chain of fields, and how many of each thing it holds."""

    depth: int = 0
    selections: int = 0
    aliases: int = 0
    directives: int = 0

    def add(self, other: "Size") -> None:
        self.depth = max(self.depth, other.depth)
        self.selections += other.selections
        self.aliases += other.aliases
        self.directives += other.directives


class Refusal(Exception):
    """The document breaks a limit; the message says which and what to do."""


class Ruler:
    """Measures the operations of one document."""

    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self._fragments = fragments
        self._measured: dict[str, Size] = {}
        self._measuring: set[str] = set()

    def measure(self, selection_set: SelectionSetNode, nesting: int = 0) -> Size:
        """The size of a selection with its fragments put in. Raises Refusal for cycles and endless chains."""
        if nesting > MAX_NESTING:
            raise Refusal(f"The operation nests more than {MAX_NESTING} selections and fragments.")
        size = Size()
        for selection in selection_set.selections:
            size.selections += 1
            size.directives += len(selection.directives or ())
            if isinstance(selection, FieldNode):
                size.add(self._field(selection, nesting))
            elif isinstance(selection, FragmentSpreadNode):
                size.add(self._fragment(selection.name.value, nesting))
            elif isinstance(selection, InlineFragmentNode):
                size.add(self.measure(selection.selection_set, nesting + 1))
        return size

    def _field(self, node: FieldNode, nesting: int) -> Size:
        size = Size(aliases=node.alias is not None)
        if node.selection_set:
            size.add(self.measure(node.selection_set, nesting + 1))
        # `ofType` unwraps a type of introspection and cannot fan out; the standard query chains nine of them.
        size.depth += node.name.value != "ofType"
        return size

    def _fragment(self, name: str, nesting: int) -> Size:
        if name in self._measuring:
            raise Refusal(f"The fragment {name[:100]!r} spreads itself, directly or through others.")
        fragment = self._fragments.get(name)
        if fragment is None:
            return Size()
        if name not in self._measured:
            self._measuring.add(name)
            size = self.measure(fragment.selection_set, nesting + 1)
            size.directives += len(fragment.directives or ())
            self._measured[name] = size
            self._measuring.remove(name)
        return self._measured[name]

    def pairs(self, selection_sets: Sequence[SelectionSetNode]) -> int:
        """How many pairs of fields share a name where these selections merge. Measure first: cycles would not end."""
        alike: dict[str, list[FieldNode]] = {}
        for selection_set in selection_sets:
            for node in self.level(selection_set):
                alike.setdefault(response_name(node), []).append(node)
        total = 0
        for nodes in alike.values():
            total += len(nodes) * (len(nodes) - 1) // 2
            below = [node.selection_set for node in nodes if node.selection_set]
            total += self.pairs(below) if below else 0
        return total

    def level(self, selection_set: SelectionSetNode) -> Iterator[FieldNode]:
        """The fields at the level of a selection, those of its fragments included."""
        waiting: list[SelectionNode] = list(selection_set.selections)
        while waiting:
            selection = waiting.pop()
            if isinstance(selection, FieldNode):
                yield selection
            elif isinstance(selection, InlineFragmentNode):
                waiting.extend(selection.selection_set.selections)
            elif isinstance(selection, FragmentSpreadNode) and selection.name.value in self._fragments:
                waiting.extend(self._fragments[selection.name.value].selection_set.selections)


class LimitsRule(ValidationRule):
    """Refuses a document that is too big in any way, before other rules spend time on it."""

    def enter_document(self, node: DocumentNode, *_: Any) -> None:
        ruler = Ruler({each.name.value: each for each in node.definitions if isinstance(each, FragmentDefinitionNode)})
        for definition in node.definitions:
            if isinstance(definition, OperationDefinitionNode):
                try:
                    self._check(ruler, definition)
                except Refusal as refusal:
                    code = ErrorCode.GRAPHQL_VALIDATION_FAILED
                    raise ValidationAbortedError(str(refusal), definition, extensions={"code": code}) from None

    def _check(self, ruler: Ruler, operation: OperationDefinitionNode) -> None:
        size = ruler.measure(operation.selection_set)
        size.directives += len(operation.directives or ())
        size.directives += sum(len(variable.directives or ()) for variable in operation.variable_definitions or ())
        _hold("levels of fields", size.depth, MAX_DEPTH)
        _hold("aliases", size.aliases, MAX_ALIASES)
        _hold("directives", size.directives, MAX_DIRECTIVES)
        _hold("selections, counting those of a fragment each time it is spread", size.selections, MAX_SELECTIONS)
        roots = list(ruler.level(operation.selection_set))
        _hold("fields at its root", len(roots), MAX_ROOT_FIELDS)
        _hold("pairs of fields with one name to be merged", ruler.pairs([operation.selection_set]), MAX_PAIRS)
        _hold("field that checks a credential", self._credentials(operation, roots), 1)

    def _credentials(self, operation: OperationDefinitionNode, roots: Sequence[FieldNode]) -> int:
        """How many credentials a mutation would check: with an alias each it would guess thirty passwords at once."""
        mutations = self.context.schema.mutation_type
        if operation.operation is not OperationType.MUTATION or mutations is None:
            return 0
        marked = {name for name, field in mutations.fields.items() if mark_of(field, Credential)}
        return len({response_name(root) for root in roots if root.name.value in marked})


def response_name(node: FieldNode) -> str:
    """The key of a field in the response."""
    return node.alias.value if node.alias else node.name.value


def _hold(what: str, found: int, limit: int) -> None:
    if found > limit:
        raise Refusal(f"The operation has more than {limit} {what}. Split it or ask for less.")
