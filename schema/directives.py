"""Marks on fields in the SDL: what a field costs, who may use it, and that it checks a credential."""

import strawberry
from strawberry.schema_directive import Location


@strawberry.schema_directive(
    name="cost",
    locations=[Location.FIELD_DEFINITION],
    description=(
        "What a field adds to the cost of an operation besides the objects it returns: `weight` points each time it is "
        "resolved. `listSize` is how many items to assume of a list that cannot be cut with `first`."
    ),
)
class Cost:
    # In alphabetical order: the sorted schema prints a definition twice when its arguments stand in another order.
    list_size: int | None = strawberry.UNSET
    weight: int = 0


@strawberry.schema_directive(
    name="gated",
    locations=[Location.FIELD_DEFINITION],
    description=(
        "Who may use a root field: `may` is the permission it takes, or the reason why it is public. With `stepUp` it "
        "also takes a sign-in younger than ten minutes, with a second factor where the person has one."
    ),
)
class Gated:
    may: str
    step_up: bool | None = strawberry.UNSET


@strawberry.schema_directive(
    name="credential",
    locations=[Location.FIELD_DEFINITION],
    description="The mutation checks a password, code or token. An operation may hold one such field only.",
)
class Credential:
    pass
