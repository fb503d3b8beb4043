"""What generated functions call when something is not a plain value. Each does what graphql-core does at that place."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NoReturn, TypeAlias, cast

from graphql import GraphQLAbstractType, GraphQLObjectType, GraphQLOutputType, GraphQLResolveInfo, Undefined
from graphql.execution import Executor
from graphql.execution.collect_fields import FieldDetailsList
from graphql.execution.executor import collect_iterator_awaitables, invalid_return_type_error
from graphql.pyutils import Path, gather_with_cancel
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from compiled_executor.field import Field
from compiled_executor.path import LazyPath, real_path
from compiled_executor.safe_type import learn

# Response keys whose values are still to be awaited, with those values; None as long as there are none.
Late: TypeAlias = list[tuple[str, Awaitable[Any]]] | None


class Place:
    """A field whose value is being completed; its resolve info is made when somebody asks for it."""

    __slots__ = ("_executor", "_field", "_info", "_path", "details")

    def __init__(self, executor: Executor[Any], field: Field, path: LazyPath) -> None:
        self._executor = executor
        self._field = field
        self._path = path
        self._info: GraphQLResolveInfo[Any] | None = None
        self.details = field.details

    @property
    def info(self) -> GraphQLResolveInfo[Any]:
        if self._info is None:
            self._info = info_of(self._executor, self._field, real_path(self._path))
        return self._info


class KnownPlace:
    """A place that graphql-core itself has come to."""

    __slots__ = ("details", "info")

    def __init__(self, details: FieldDetailsList, info: GraphQLResolveInfo[Any]) -> None:
        self.details = details
        self.info = info


AnyPlace: TypeAlias = Place | KnownPlace
# Completes a value of one type: (executor, value, path, place) to what goes into the response, or an awaitable of it.
Completer: TypeAlias = Callable[[Executor[Any], Any, LazyPath, AnyPlace], Any]
# The same for the fields of an object that is known to be of the right type.
Body: TypeAlias = Callable[[Executor[Any], Any, LazyPath], Any]


def info_of(executor: Executor[Any], field: Field, path: Path) -> GraphQLResolveInfo[Any]:
    """The resolve info of a field."""
    return executor.build_resolve_info(field.definition, field.nodes, field.parent, path)


def path_of(field: Field, path: LazyPath) -> Path:
    """The path of a field of the object at `path`."""
    return Path(real_path(path) if path is not None else None, field.key, field.parent.name)


def given_up(executor: Executor[Any], type_: GraphQLOutputType, value: Any, path: LazyPath, place: AnyPlace) -> Any:
    """Complete a value the standard way; what lies below may be compiled again."""
    return StrawberryGraphQLCoreExecutionContext.complete_value(
        cast("StrawberryGraphQLCoreExecutionContext", executor),
        type_,
        place.details,
        place.info,
        real_path(path),
        value,
        None,
    )


def is_plain(executor: Executor[Any], value: Any) -> bool:
    """Whether a value of a class not yet known can be completed as it is: no null, no error, nothing to await."""
    if value is None or value is Undefined or isinstance(value, Exception) or executor.is_awaitable(value):
        return False
    learn(value)
    return True


def standard(executor: Executor[Any], field: Field, source: Any, path: LazyPath, late: Late) -> Any:
    """Resolve and complete a field the standard way."""
    try:
        return executor.execute_field(field.parent, source, field.details, path_of(field, path), None)
    except Exception:
        settle(executor, late)
        raise


def unusual(executor: Executor[Any], field: Field, value: Any, path: LazyPath) -> Any:
    """Complete what was read for a field when it is not what the generated code lets through."""
    field_path = path_of(field, path)
    info = info_of(executor, field, field_path)
    if executor.is_awaitable(value):
        return executor.complete_awaitable_value(field.type, field.details, info, field_path, value, None)
    completed = executor.complete_value(field.type, field.details, info, field_path, value, None)
    return guarded(executor, field, completed, path) if executor.is_awaitable(completed) else completed


async def guarded(executor: Executor[Any], field: Field, completed: Awaitable[Any], path: LazyPath) -> Any:
    """The value that a field's completion ends with, its error handled at the field."""
    try:
        return await completed
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the field's error
        executor.handle_field_error(error, field.type, field.details, path_of(field, path))
        return None


def failed(executor: Executor[Any], field: Field, error: Exception, path: LazyPath, late: Late) -> None:
    """Handle an error at a field: noted there when it may be null, raised to the parent otherwise."""
    try:
        executor.handle_field_error(error, field.type, field.details, path_of(field, path))
    except Exception:
        settle(executor, late)
        raise


def noted(late: Late, field: Field, value: Awaitable[Any]) -> Late:
    """`late` with one more."""
    entry = (field.key, value)
    if late is None:
        return [entry]
    late.append(entry)
    return late


def settle(executor: Executor[Any], late: Late) -> None:
    """See to it that what nobody will await any more is not left pending."""
    if late:
        executor.settle_in_background([awaitable for _, awaitable in late])


async def finished(results: dict[str, Any], late: Sequence[tuple[str, Awaitable[Any]]]) -> dict[str, Any]:
    """The results once the late ones are in."""
    if len(late) == 1:
        key, awaitable = late[0]
        results[key] = await awaitable
    else:
        values = await gather_with_cancel(*(awaitable for _, awaitable in late))
        results.update(zip((key for key, _ in late), values, strict=True))
    return results


def unsure(
    executor: Executor[Any],
    verdict: Any,
    body: Body,
    type_: GraphQLObjectType,
    value: Any,
    path: LazyPath,
    place: AnyPlace,
) -> Any:
    """Go on after `is_type_of` has answered anything but True."""
    if executor.is_awaitable(verdict):
        return _sure_later(executor, verdict, body, type_, value, path, place)
    if not verdict:
        _refuse(type_, value, place)
    return body(executor, value, path)


async def _sure_later(
    executor: Executor[Any],
    verdict: Awaitable[bool],
    body: Body,
    type_: GraphQLObjectType,
    value: Any,
    path: LazyPath,
    place: AnyPlace,
) -> Any:
    if not await executor.with_abort_signal(verdict):
        _refuse(type_, value, place)
    completed = body(executor, value, path)
    return await completed if executor.is_awaitable(completed) else completed


def _refuse(type_: GraphQLObjectType, value: Any, place: AnyPlace) -> NoReturn:
    raise invalid_return_type_error(type_, value, place.details)


def as_runtime_type(
    executor: Executor[Any],
    name: Any,
    type_: GraphQLAbstractType,
    value: Any,
    path: LazyPath,
    place: AnyPlace,
) -> Any:
    """Complete a value of an abstract type whose runtime type nobody has compiled: `name` is what it resolved to."""
    details, info, where = place.details, place.info, real_path(path)
    if executor.is_awaitable(name):
        return _as_runtime_type_later(executor, name, type_, value, where, place)
    runtime_type = executor.ensure_valid_runtime_type(name, type_, details, info, value)
    return executor.complete_object_value(runtime_type, details, info, where, value, None)


async def _as_runtime_type_later(
    executor: Executor[Any],
    name: Awaitable[Any],
    type_: GraphQLAbstractType,
    value: Any,
    path: Path,
    place: AnyPlace,
) -> Any:
    details, info = place.details, place.info
    found = await executor.with_abort_signal(name)
    runtime_type = executor.ensure_valid_runtime_type(found, type_, details, info, value)
    completed = executor.complete_object_value(runtime_type, details, info, path, value, None)
    return await completed if executor.is_awaitable(completed) else completed


class Items:
    """A list being completed, once something in it is not plain."""

    __slots__ = ("_executor", "_type", "done", "late", "path", "place")

    def __init__(
        self, executor: Executor[Any], type_: GraphQLOutputType, done: list[Any], path: LazyPath, place: AnyPlace
    ) -> None:
        self._executor = executor
        self._type = type_
        self.path = path
        self.place = place
        self.done = done
        self.late: list[int] = []

    def add(self, item: Any) -> None:
        """Complete an item that generated code does not let through."""
        executor, place, index = self._executor, self.place, len(self.done)
        path = real_path((self.path, index, None))
        if executor.is_awaitable(item):
            later = executor.complete_awaitable_list_item_value(item, self._type, place.details, place.info, path, None)
            self.done.append(later)
            self.late.append(index)
            return
        if executor.complete_list_item_value(item, self.done, self._type, place.details, place.info, path, None):
            self.late.append(index)

    def add_late(self, completed: Awaitable[Any]) -> None:
        """Take an item whose completion has to be awaited."""
        index = len(self.done)
        self.late.append(index)
        self.done.append(self._guarded(completed, index))

    def failed(self, error: Exception) -> None:
        """Handle an item's error: null in its place, or raised when an item may not be null."""
        path = real_path((self.path, len(self.done), None))
        self._executor.handle_field_error(error, self._type, self.place.details, path)
        self.done.append(None)

    def abandon(self, rest: Sequence[Any]) -> None:
        """Settle what is pending in the items and in those not yet looked at; called when an error is on its way up."""
        pending = [self.done[index] for index in self.late]
        pending.extend(collect_iterator_awaitables(iter(rest), self._executor.is_awaitable))
        if pending:
            self._executor.settle_in_background(pending)

    async def finished(self) -> list[Any]:
        """The items once the late ones are in."""
        if len(self.late) == 1:
            (index,) = self.late
            self.done[index] = await self.done[index]
        else:
            values = await gather_with_cancel(*(self.done[index] for index in self.late))
            for index, value in zip(self.late, values, strict=True):
                self.done[index] = value
        return self.done

    async def _guarded(self, completed: Awaitable[Any], index: int) -> Any:
        try:
            return await completed
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the item's error
            path = real_path((self.path, index, None))
            self._executor.handle_field_error(error, self._type, self.place.details, path)
            return None
