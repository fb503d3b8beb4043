"""Documents parsed and validated once, by their text."""

from functools import cached_property, lru_cache

from graphql import (
    ASTValidationRule,
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    parse,
    specified_rules,
)
from strawberry.schema.schema import validate_document
from strawberry.types.graphql import OperationType

from app.graphql.cost import Plan, plan_of
from app.graphql.errors import ErrorCode, as_request_error
from app.graphql.limits import PARSE_OPTIONS, LimitsRule
from compiled_executor import CompiledExecutor

# A document of 2000 tokens takes about 1 MiB parsed, so this bounds the cache even when somebody means harm.
CACHED_DOCUMENTS = 128

RULES: tuple[type[ASTValidationRule], ...] = (LimitsRule, *specified_rules)


class PreparedOperation:
    """One operation of a document. `name` is None for one without."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, node: OperationDefinitionNode) -> None:
        self._schema = schema
        self._document = document
        self.node = node
        self.name = node.name.value if node.name else None
        self.kind = OperationType(node.operation.value)
        self.kind_name = node.operation.value
        # An executor of this operation that others are made from; its maker's own.
        self.template: CompiledExecutor | None = None

    @cached_property
    def plan(self) -> Plan:
        """What it costs; for operations of valid documents only."""
        return plan_of(self._schema, self._document, self.node)


class Prepared:
    """A document and what is known of it before anybody's variables. Shared by all who send it: never change it."""

    def __init__(self, schema: GraphQLSchema, node: DocumentNode) -> None:
        self._schema = schema
        self.node = node
        nodes = (each for each in node.definitions if isinstance(each, OperationDefinitionNode))
        self.operations = [PreparedOperation(schema, node, each) for each in nodes]
        self._by_name = {each.name: each for each in self.operations if each.name}

    @cached_property
    def problems(self) -> tuple[GraphQLError, ...]:
        """What validation finds, ready to be shown."""
        code = ErrorCode.GRAPHQL_VALIDATION_FAILED
        return tuple(as_request_error(error, code) for error in validate_document(self._schema, self.node, RULES))

    def operation(self, name: str | None) -> PreparedOperation | None:
        """The operation of this name, the first one when none is named; None when there is none."""
        if name is not None:
            return self._by_name.get(name)
        return self.operations[0] if self.operations else None


@lru_cache(maxsize=CACHED_DOCUMENTS)
def prepared(schema: GraphQLSchema, query: str) -> Prepared:
    """The document of a query text. Raises GraphQLSyntaxError."""
    return Prepared(schema, parse(query, **PARSE_OPTIONS))
