"""Holds requests against a vendor's own description: is there such a call, and is its body what the vendor takes?

And answers of a stand-in: are they what the vendor gives?
"""

import json
import re
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft4Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4


class Described:
    """One file of the shared descriptions, OpenAPI 3 or Swagger 2."""

    def __init__(self, path: Path) -> None:
        self._spec: dict[str, Any] = _with_nulls(json.loads(path.read_text()))
        self._registry = Registry().with_resource("spec", Resource(self._spec, DRAFT4))

    def problems(self, method: str, path: str, query: dict[str, Any], body: Any) -> list[str]:
        """What the vendor would find wrong with a request."""
        operation = self._operation(method, path)
        if operation is None:
            return [f"no such call as {method} {path}"]
        given = [self._known(one) for one in operation.get("parameters", ())]
        named = {one["name"] for one in given if one["in"] == "query"}
        found = [
            f"{name} is missing" for one in given if one.get("required") and (name := one["name"]) in named - set(query)
        ]
        found += [f"{name} is not known" for name in set(query) - named]
        schema = self._body(operation, given)
        if body is not None and schema is not None:
            for one in (schema, *self._meant(schema, body)):
                found += self._errors(one, body)
        return found

    def answer_problems(self, method: str, path: str, status: int, body: Any) -> list[str]:
        """Where an answer is none that the vendor would give. Nothing is said of calls and statuses it leaves open."""
        schema = self._answer(self._operation(method, path), status).get("schema")
        return self._errors(schema, body) if schema else []

    def answer(self, method: str, path: str) -> Any:
        """A copy of the first of the vendor's own examples of a good answer to this call."""
        told = self._answer(self._operation(method, path), 200)
        examples = [self._known(one)["value"] for one in told.get("examples", {}).values()]
        return deepcopy(examples[0] if examples else told["example"])

    def knows(self, method: str, path: str) -> bool:
        """Whether there is such a call."""
        return self._operation(method, path) is not None

    def example(self, name: str) -> Any:
        """The value of one of the vendor's own examples."""
        return self._spec["components"]["examples"][name]["value"]

    def _errors(self, schema: dict[str, Any], body: Any) -> list[str]:
        validator = Draft4Validator(self._absolute(schema), registry=self._registry)
        return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(body)]

    def _meant(self, schema: dict[str, Any], body: Any) -> list[dict[str, Any]]:
        """What else holds for a body that says itself, by one of its values, what it is."""
        choice = self._known(schema).get("discriminator", {})
        name = body.get(choice.get("propertyName")) if isinstance(body, dict) else None
        return [{"$ref": choice["mapping"][name]}] if name in choice.get("mapping", {}) else []

    def _operation(self, method: str, path: str) -> dict[str, Any] | None:
        """The one whose template says most of the path: {id} alone would take "x:search" too."""
        found = [
            (len(re.sub(r"\{[^}]*\}", "", template)), operations[method.lower()])
            for template, operations in self._spec["paths"].items()
            if method.lower() in operations and _pattern(template).fullmatch(path)
        ]
        operation: dict[str, Any] | None = max(found, key=lambda one: one[0])[1] if found else None
        return operation

    def _answer(self, operation: dict[str, Any] | None, status: int) -> dict[str, Any]:
        """What is written of the JSON of this status; nothing where nothing is."""
        told = self._known((operation or {}).get("responses", {}).get(str(status), {}))
        # Swagger 2 has the schema right there.
        content: dict[str, Any] = told.get("content", {"application/json": told}).get("application/json", {})
        return content

    def _body(self, operation: dict[str, Any], given: list[dict[str, Any]]) -> dict[str, Any] | None:
        for one in given:
            if one["in"] == "body":
                schema: dict[str, Any] = one["schema"]
                return schema
        content = operation.get("requestBody", {}).get("content", {})
        return content.get("application/json", {}).get("schema")

    def _known(self, parameter: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in parameter:
            found: Any = self._spec
            for part in parameter["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            parameter = found
        return parameter

    def _absolute(self, value: Any) -> Any:
        """References that lead into the file from wherever they stand."""
        if isinstance(value, dict):
            return {
                key: f"spec{item}" if key == "$ref" and str(item).startswith("#") else self._absolute(item)
                for key, item in value.items()
            }
        return [self._absolute(item) for item in value] if isinstance(value, list) else value


@cache
def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(template)))


def _with_nulls(value: Any) -> Any:
    """What OpenAPI 3.0 marks as nullable may be null in JSON Schema too."""
    if isinstance(value, list):
        return [_with_nulls(item) for item in value]
    if not isinstance(value, dict):
        return value
    found = {key: _with_nulls(item) for key, item in value.items()}
    if found.get("nullable") is True and isinstance(found.get("type"), str):
        found["type"] = [found["type"], "null"]
        if isinstance(found.get("enum"), list):
            found["enum"] = [*found["enum"], None]
    return found


@cache
def described(path: Path) -> Described:
    """Read once."""
    return Described(path)
