"""How AWS's operations go on from page to page, one call at a time, so that each page can be tried again."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

# Where the client library knows no paging of an operation that has one: name in the request, name in the answer.
TOKENS = (
    ("NextToken", "NextToken"),
    ("nextToken", "nextToken"),
    ("NextPageToken", "NextPageToken"),
    ("NextMarker", "NextMarker"),
    ("Marker", "NextMarker"),
    ("Marker", "Marker"),
    ("position", "position"),
)


# Finds something in an answer.
Search = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Paging:
    """`tokens` are names of arguments with what finds their next value in an answer.

    `more` finds whether there is a next page, where the tokens alone do not tell. `limit` is the argument for the size
    of a page. Source: the paginators of botocore's service models.
    """

    tokens: tuple[tuple[str, Search], ...] = ()
    more: Search | None = None
    limit: str | None = None

    def following(self, answer: Any, asked: dict[str, Any]) -> dict[str, Any] | None:
        """The arguments of the next call; None after the last page.

        Raises LookupError for a page that is not the last one and does not say where the next one is.
        """
        if self.more is not None and not self.more(answer):
            return None
        found = {name: search(answer) or None for name, search in self.tokens}
        if not any(found.values()):
            if self.more is not None:
                raise LookupError
            return None
        kept = {name: value for name, value in asked.items() if name not in found}
        return kept | {name: value for name, value in found.items() if value is not None}


def paging_of(client: Any, method: str) -> Paging:
    """How an operation of this client pages."""
    if not client.can_paginate(method):
        return _by_names(client.meta.service_model.operation_model(client.meta.method_to_api_mapping[method]))
    known = client.get_paginator(method)
    more = known._more_results
    return Paging(
        tokens=tuple(
            (name, expression.search) for name, expression in zip(known._input_token, known._output_token, strict=True)
        ),
        more=more and more.search,
        limit=known._limit_key,
    )


def _by_names(model: Any) -> Paging:
    asked = model.input_shape.members if model.input_shape else {}
    given = model.output_shape.members if model.output_shape else {}
    known = [(name, _field(token)) for name, token in TOKENS if name in asked and token in given]
    # CloudFront has its lists, and where they go on, inside of a structure.
    known += [
        (name, _field(token, outer))
        for outer, shape in given.items()
        for name, token in TOKENS
        if name in asked and token in getattr(shape, "members", ())
    ]
    return Paging(tokens=tuple(known[:1]))


def _field(token: str, outer: str | None = None) -> Search:
    """The field of this name, of what stands under `outer` where that is given; None where it is missing."""
    return lambda answer: (answer.get(outer) or {} if outer else answer).get(token)
