"""What people want an organization to be held against, checked before it is stored."""

from collections.abc import Collection
from typing import Any

from domain.compliance.bundle import find_bundle
from domain.compliance.frameworks import find_framework
from domain.compliance.registry import all_controls
from domain.compliance.tightening import check_tightening, directions
from domain.errors import Invalid
from domain.facts.framework import Direction
from schema.control import ChangeComplianceSettingsInput, ControlParameterInput


def changes_of(input: ChangeComplianceSettingsInput) -> dict[str, Any]:
    """The fields to change. Raises Invalid for ids that lead nowhere, and for a parameter that is laxer."""
    changes: dict[str, Any] = {}
    if input.frameworks is not None:
        changes["frameworks"] = _known("frameworks", input.frameworks, find_framework)
    if input.bundles is not None:
        changes["bundles"] = _known("bundles", input.bundles, find_bundle)
    if input.parameters is not None:
        changes["parameters"] = _parameters(input.parameters)
    if not changes:
        raise Invalid("Say what to change.", path=("input",))
    return changes


def _known(field: str, ids: Collection[str], find: Any) -> list[str]:
    for id in ids:
        if find(id) is None:
            raise Invalid(f"There is no {field.removesuffix('s')} {id}.", path=("input", field))
    return sorted(set(ids))


def _parameters(wanted: Collection[ControlParameterInput]) -> dict[str, dict[str, Any]]:
    defaults = {control.id: control.parameters for control in all_controls()}
    found: dict[str, dict[str, Any]] = {}
    for place, one in enumerate(wanted):
        path = ("input", "parameters", str(place), one.name)
        before = defaults.get(one.control_id, {})
        value = _value(one, before.get(one.name), path)
        check_tightening(one.control_id, before, {one.name: value}, path)
        if one.name in found.setdefault(one.control_id, {}):
            raise Invalid(f"{one.name} of {one.control_id} is there twice.", path=path)
        found[one.control_id][one.name] = value
    return found


def _value(wanted: ControlParameterInput, before: Any, path: tuple[str, ...]) -> Any:
    given = [one for one in (wanted.number, wanted.texts, wanted.table) if one is not None]
    if len(given) != 1:
        raise Invalid("Give a number, texts or a table: one of the three.", path=path)
    if wanted.number is not None:
        return _number(wanted.number, before, path)
    if wanted.table is not None:
        known = before if isinstance(before, dict) else {}
        return {entry.key: _number(entry.number, known.get(entry.key), path) for entry in wanted.table}
    texts = wanted.texts or []
    if directions().get(wanted.control_id, {}).get(wanted.name) is Direction.FREE and len(texts) == 1:
        return texts[0]
    is_numeric = isinstance(before, list | tuple) and all(isinstance(one, int) for one in before)
    if not is_numeric:
        return texts
    if not all(text.isdecimal() for text in texts):
        raise Invalid(f"{wanted.name} of {wanted.control_id} takes whole numbers.", path=path)
    return [int(text) for text in texts]


def _number(number: float, before: Any, path: tuple[str, ...]) -> float:
    if isinstance(before, float):
        return number
    if not number.is_integer():
        if isinstance(before, int):
            raise Invalid(f"It takes a whole number, not {number}.", path=path)
        return number
    return int(number)
