"""Global ids and scalars."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from graphql import GraphQLError
from hypothesis import given
from hypothesis import strategies as st

import documents
from domain.errors import NotFound
from schema.node import global_id, local_id, parse_id, view
from schema.scalars import SCALARS, BigInt

INSTANT = SCALARS[datetime]


@given(st.sampled_from(["Alert", "Account"]), st.from_regex(r"[0-9a-f]{24}", fullmatch=True))
def test_a_global_id_leads_back_to_its_type_and_id(type_name: str, id: str) -> None:
    assert parse_id(global_id(type_name, id)) == (type_name, id)


@given(st.text(max_size=40))
def test_any_other_text_leads_nowhere(text: str) -> None:
    with pytest.raises(NotFound):
        local_id("Alert", text)


def test_an_id_of_another_type_leads_nowhere() -> None:
    with pytest.raises(NotFound):
        local_id("Alert", global_id("Account", "0" * 24))


def test_a_view_cannot_show_a_field_its_document_lacks() -> None:
    with pytest.raises(TypeError, match="no such field"):

        @view(documents.Budget, description="a view")
        class Wrong:
            does_not_exist: str


def test_instants_are_printed_in_utc_and_read_with_their_zone() -> None:
    noon = datetime(2026, 1, 31, 12, tzinfo=timezone(timedelta(hours=2)))

    assert INSTANT.serialize(noon) == "2026-01-31T10:00:00Z"
    assert INSTANT.parse_value("2026-01-31T12:00:00+02:00") == datetime(2026, 1, 31, 10, tzinfo=UTC)


@pytest.mark.parametrize("text", ["2026-01-31T12:00:00", "yesterday", 7, None])
def test_an_instant_without_a_zone_is_refused(text: object) -> None:
    with pytest.raises(GraphQLError):
        INSTANT.parse_value(text)


def test_a_large_count_keeps_its_digits() -> None:
    assert SCALARS[BigInt].parse_value(str(2**53 + 1)) == 2**53 + 1
    with pytest.raises(GraphQLError):
        SCALARS[BigInt].parse_value("many")
