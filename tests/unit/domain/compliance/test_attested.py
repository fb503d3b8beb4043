"""What statements must say, and which rows they give."""

from datetime import UTC, datetime, timedelta
from typing import get_type_hints

import pytest
from pydantic import ValidationError

from domain.compliance.attested import (
    KINDS,
    AttestedSample,
    AttestedVendor,
    operation_of,
    require_past,
    rows_in_force,
)
from domain.compliance.own_records import OPERATIONS
from domain.compliance.registry import all_controls
from domain.errors import Invalid
from domain.facts.governance import AttestationKind

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize("kind", AttestationKind)
def test_a_statement_has_the_fields_of_the_rows_its_control_judges(kind: AttestationKind) -> None:
    known = KINDS[kind]
    asked = {*known.row.model_fields, *(["reviewed_by"] if known.is_reviewed else [])}

    judged = {operation for one in _control(known.control_id).procedures for operation in one.operations}

    assert asked == set(get_type_hints(OPERATIONS[operation_of(kind)]))
    assert operation_of(kind) in judged


def _control(id: str):
    return next(one for one in all_controls() if one.id == id)


@pytest.mark.parametrize(("size", "found", "of"), [(10, 11, 20), (10, 10, 9)])
def test_a_sample_is_part_of_its_population_and_what_was_found_part_of_it(size: int, found: int, of: int) -> None:
    counts = {"sample_size": size, "population": of, "consent_found": found, "purpose_match": 0, "exceptions_fixed": 0}

    with pytest.raises(ValidationError, match="no more"):
        AttestedSample(sampled_at=NOW, **counts)
    assert AttestedSample(sampled_at=NOW, **{**counts, "population": 20, "consent_found": 10}).sample_size == size


def test_what_has_happened_does_not_lie_ahead_but_a_letter_may_hold_for_longer() -> None:
    vendor = AttestedVendor(vendor="v", tier=1, needs_baa=False, needs_dpa=False)
    later = NOW + timedelta(days=60)

    require_past([vendor.model_copy(update={"bridge_letter_until": later, "period_end": NOW})], NOW, ("rows",))
    with pytest.raises(Invalid, match="period_end lies ahead"):
        require_past([vendor.model_copy(update={"period_end": later})], NOW, ("rows",))


def test_the_newest_record_of_a_person_counts_and_every_row_of_other_kinds() -> None:
    stated = [("r1", [{"person": "ada", "n": 1}, {"person": "bob", "n": 1}]), ("r2", [{"person": "ada", "n": 2}])]

    people = rows_in_force(AttestationKind.PEOPLE_RECORDS, stated)
    vendors = rows_in_force(AttestationKind.VENDOR_DOCUMENTS, [("r1", [{"vendor": "v"}]), ("r2", [{"vendor": "v"}])])

    assert people == [{"person": "ada", "n": 2}, {"person": "bob", "n": 1}]
    assert vendors == [{"vendor": "v", "reviewed_by": "r1"}, {"vendor": "v", "reviewed_by": "r2"}]
