"""Functions that complete values of composite types: lists, objects, interfaces and unions."""

from collections.abc import Callable
from typing import Any, cast

from graphql import (
    GraphQLAbstractType,
    GraphQLInterfaceType,
    GraphQLLeafType,
    GraphQLList,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLUnionType,
    Undefined,
    get_nullable_type,
    is_non_null_type,
)
from graphql.execution import Executor

from compiled_executor.leaf import coercion_of
from compiled_executor.path import LazyPath
from compiled_executor.runtime import (
    AnyPlace,
    Body,
    Completer,
    Items,
    as_runtime_type,
    given_up,
    is_plain,
    unsure,
)
from compiled_executor.safe_type import SAFE

# Makes the body of an object type where it is selected. Called when the first object of that type is met there, with
# the executor of that moment, which must not be kept: others will use the body too.
BodyOf = Callable[[Executor[Any], GraphQLObjectType], Body]


def completer_of(type_: GraphQLOutputType, body_of: BodyOf) -> Completer:
    """A completer of a type and its wrappers. It must not be given anything awaitable."""
    named = get_nullable_type(type_)
    if isinstance(named, GraphQLList):
        return _list(type_, named.of_type, body_of)
    if isinstance(named, GraphQLObjectType):
        return _object(type_, named, body_of)
    if isinstance(named, GraphQLInterfaceType | GraphQLUnionType):
        return _abstract(type_, named, body_of)
    return _leaf(type_, coercion_of(cast("GraphQLLeafType", named)))


def _is_unusual(value: Any) -> bool:
    return value is None or value is Undefined or isinstance(value, Exception)


def _leaf(type_: GraphQLOutputType, coerce: Callable[[Any], Any]) -> Completer:
    def complete(executor: Executor[Any], value: Any, path: LazyPath, place: AnyPlace) -> Any:
        return given_up(executor, type_, value, path, place) if _is_unusual(value) else coerce(value)

    return complete


def _object(type_: GraphQLOutputType, named: GraphQLObjectType, body_of: BodyOf) -> Completer:
    checked = _checked(named, body_of)

    def complete(executor: Executor[Any], value: Any, path: LazyPath, place: AnyPlace) -> Any:
        if type(value) not in SAFE and _is_unusual(value):
            return given_up(executor, type_, value, path, place)
        return checked(executor, value, path, place)

    return complete


def _checked(named: GraphQLObjectType, body_of: BodyOf) -> Completer:
    """Completes an object after asking its type whether it is one of its own."""
    is_type_of = named.is_type_of
    made: Body | None = None

    def body(executor: Executor[Any], value: Any, path: LazyPath) -> Any:
        nonlocal made
        if made is None:
            made = body_of(executor, named)
        return made(executor, value, path)

    def unchecked(executor: Executor[Any], value: Any, path: LazyPath, place: AnyPlace) -> Any:
        return (made or body)(executor, value, path)

    def complete(executor: Executor[Any], value: Any, path: LazyPath, place: AnyPlace) -> Any:
        verdict = is_type_of(value, place.info)  # type: ignore[misc]  # None means unchecked
        if verdict is True:
            return (made or body)(executor, value, path)
        return unsure(executor, verdict, body, named, value, path, place)

    return unchecked if is_type_of is None else complete


def _abstract(type_: GraphQLOutputType, named: GraphQLAbstractType, body_of: BodyOf) -> Completer:
    known: dict[str, Completer] = {}

    def complete(executor: Executor[Any], value: Any, path: LazyPath, place: AnyPlace) -> Any:
        if type(value) not in SAFE and _is_unusual(value):
            return given_up(executor, type_, value, path, place)
        name = (named.resolve_type or executor.type_resolver)(value, place.info, named)
        if type(name) is not str:
            return as_runtime_type(executor, name, named, value, path, place)
        if name not in known:
            runtime_type = executor.ensure_valid_runtime_type(name, named, place.details, place.info, value)
            known[name] = _checked(runtime_type, body_of)
        return known[name](executor, value, path, place)

    return complete


def _list(type_: GraphQLOutputType, item_type: GraphQLOutputType, body_of: BodyOf) -> Completer:
    is_nullable = not is_non_null_type(item_type)
    named = get_nullable_type(item_type)
    # Objects need no second look at what the list has looked at.
    if isinstance(named, GraphQLObjectType):
        complete_item = _checked(named, body_of)
    else:
        complete_item = completer_of(item_type, body_of)

    def complete(executor: Executor[Any], value: Any, path: LazyPath, place: AnyPlace) -> Any:
        if type(value) is not list and type(value) is not tuple:
            return given_up(executor, type_, value, path, place)
        done: list[Any] = []
        items = Items(executor, item_type, done, path, place)
        try:
            for index, item in enumerate(value):
                if type(item) in SAFE or is_plain(executor, item):
                    try:
                        completed = complete_item(executor, item, (path, index, None), place)
                    except Exception as error:  # noqa: BLE001 - whatever it is, it is the item's error
                        items.failed(error)
                        continue
                    if type(completed) is dict or not executor.is_awaitable(completed):
                        done.append(completed)
                    else:
                        items.add_late(completed)
                elif item is None and is_nullable:
                    done.append(None)
                else:
                    items.add(item)
        except Exception:
            items.abandon(value[len(done) + 1 :])
            raise
        return items.finished() if items.late else done

    return complete
