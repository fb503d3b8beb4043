"""Which media type an Accept header asks for."""

import pytest

from app.graphql.accept import media_type_of, negotiate

A = "application/a"
B = "application/b"


@pytest.mark.parametrize(
    ("header", "chosen"),
    [
        (None, A),
        ("", A),
        ("  ", A),
        (A, A),
        (B, B),
        (f"{B}, {A}", A),  # equals: the server's own order
        (f"{A};q=0.5, {B}", B),
        (f"{A};q=0.5, {B};q=0.4", A),
        ("*/*", A),
        ("application/*", A),
        (f"*/*;q=0.1, {B}", B),
        (f"{A};q=0, */*", B),  # the exact range wins over the wildcard, though it comes to nothing
        (f"application/*;q=0.2, {B};q=0.1", A),
        ("APPLICATION/B", B),
        (f"{B} ; charset=utf-8 ; q=0.7", B),
        (f'{B};version="1"', B),
        ("text/html, */*;q=0.8", A),
        ("text/html", None),
        (f"{A};q=0", None),
        ("*/*;q=0", None),
        ("nonsense", None),
        (",;,", None),
        (f"{A};q=high", None),
        (f"{A};q=nan", None),
        (f"{A};q=7", None),
        (f"{A};q=-1", None),
    ],
)
def test_the_best_acceptable_type_is_chosen(header, chosen):
    assert negotiate(header, (A, B)) == chosen


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, ("", {})),
        ("", ("", {})),
        ("Application/JSON", ("application/json", {})),
        ('application/json; Charset="UTF-8"', ("application/json", {"charset": "utf-8"})),
        ("application/json;charset", ("application/json", {"charset": ""})),
    ],
)
def test_a_content_type_is_taken_apart(header, expected):
    assert media_type_of(header) == expected
