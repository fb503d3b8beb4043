"""Writes the function that completes the fields of one object type of one operation."""

from collections.abc import Callable, Sequence
from typing import Any

from graphql import GraphQLLeafType, get_nullable_type, is_leaf_type, is_non_null_type

from compiled_executor import runtime
from compiled_executor.field import Field, Reading
from compiled_executor.leaf import leaf_code
from compiled_executor.runtime import Body, Completer, Place
from compiled_executor.safe_type import SAFE

CompleterOf = Callable[[Field], Completer]

# Indented as it stands in the function. {v} the variable, {n} the field's number, {read} an expression over `s`.
_READ_AND_COMPLETE = """
    try:
        {v} = {read}
{complete}
    except Exception as error:
        {v} = failed(ex, F{n}, error, path, late)
"""
_LEAF = """
        if {test}:
            {coerce}
        elif {null}:
            {v} = unusual(ex, F{n}, {v}, path)
            if ex.is_awaitable({v}):
                late = noted(late, F{n}, {v})
"""
_WAIT = """if type({v}) not in SAFE and ex.is_awaitable({v}):
                {v} = guarded(ex, F{n}, {v}, path)
                late = noted(late, F{n}, {v})"""
_COMPOSITE = """
        if type({v}) in SAFE or is_plain(ex, {v}):
            below = (path, {key!r}, {parent!r})
            {v} = C{n}(ex, {v}, below, Place(ex, F{n}, below))
            if ex.is_awaitable({v}):
                {v} = guarded(ex, F{n}, {v}, path)
                late = noted(late, F{n}, {v})
        elif {null}:
            {v} = unusual(ex, F{n}, {v}, path)
            if ex.is_awaitable({v}):
                late = noted(late, F{n}, {v})
"""
_STANDARD = """
    {v} = standard(ex, F{n}, s, path, late)
    if ex.is_awaitable({v}):
        late = noted(late, F{n}, {v})
"""
# Where a value was fetched beforehand it is read; where not, the resolver runs.
_PREFETCHED = """
    try:
        {v} = s.{attribute}
    except AttributeError:
        {v} = standard(ex, F{n}, s, path, late)
        if ex.is_awaitable({v}):
            late = noted(late, F{n}, {v})
    else:
        try:
            pass
{complete}
        except Exception as error:
            {v} = failed(ex, F{n}, error, path, late)
"""


def body_of(fields: Sequence[Field], completer_of: CompleterOf) -> Body:
    """A function (executor, source, path) that gives the response of an object, or an awaitable of it.

    The source must be neither null nor an error nor awaitable, and of the right type.
    """
    names: dict[str, Any] = {
        name: getattr(runtime, name)
        for name in ("failed", "finished", "guarded", "is_plain", "noted", "standard", "unusual")
    }
    names |= {"Place": Place, "SAFE": SAFE}
    text = "".join(_field_code(field, number, names, completer_of) for number, field in enumerate(fields))
    made = ", ".join(f"{field.key!r}: v{number}" for number, field in enumerate(fields))
    lines = f"def body(ex, s, path):\n    late = None\n{text}\n    made = {{{made}}}\n"
    lines += "    return made if late is None else finished(made, late)\n"
    exec(compile(lines, "<compiled selection>", "exec"), names)  # noqa: S102 - see _field_code: names and literals of the schema only
    body: Body = names["body"]
    return body


def _field_code(field: Field, number: int, names: dict[str, Any], completer_of: CompleterOf) -> str:
    variable = f"v{number}"
    names[f"F{number}"] = field
    if field.reading is Reading.TYPENAME:
        return f"\n    {variable} = {field.parent.name!r}\n"
    if field.reading is Reading.STANDARD:
        return _STANDARD.format(v=variable, n=number)
    complete = _completion(field, number, names, completer_of)
    if field.reading is Reading.PREFETCHED:
        shifted = "".join(f"    {line}\n" for line in complete.splitlines() if line.strip())
        return _PREFETCHED.format(v=variable, n=number, attribute=field.attribute, complete=shifted)
    return _READ_AND_COMPLETE.format(v=variable, n=number, read=_read(field, number, names), complete=complete)


def _read(field: Field, number: int, names: dict[str, Any]) -> str:
    if field.call is None:
        return f"s.{field.attribute}"
    names[f"call{number}"] = field.call.function
    return field.call.form.format(f"call{number}")


def _completion(field: Field, number: int, names: dict[str, Any], completer_of: CompleterOf) -> str:
    variable = f"v{number}"
    null = "True" if is_non_null_type(field.type) else f"{variable} is not None"
    named = get_nullable_type(field.type)
    if is_leaf_type(named):
        return _leaf(named, number, null, names)
    names[f"C{number}"] = completer_of(field)
    return _COMPOSITE.format(v=variable, n=number, key=field.key, parent=field.parent.name, null=null)


def _leaf(leaf: GraphQLLeafType, number: int, null: str, names: dict[str, Any]) -> str:
    variable, code = f"v{number}", leaf_code(leaf, str(number))
    names.update(code.names)
    steps = [code.coerce.format(v=variable) or "pass"]
    if code.may_wait:
        steps.append(_WAIT.format(v=variable, n=number))
    coerce = "\n            ".join(steps)
    return _LEAF.format(v=variable, n=number, test=code.test.format(v=variable), coerce=coerce, null=null)
