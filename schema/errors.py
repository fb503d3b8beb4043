"""Expected outcomes of mutations as data, and the payload unions that carry them."""

from typing import Annotated, Any, Union

import strawberry
from strawberry.pydantic import InputValidationError

from domain.errors import Conflict, Invalid, NotFound, Refused
from schema.node import Node, said


@strawberry.interface(description="Something the caller can mend, returned as data.")
class UserError:
    message: str = said("What is wrong and what to do, in one or two sentences.")
    code: str = said("Stable code for programs.")
    path: list[str] = said("Which part of the input is meant, outermost first; empty when no single part is.")


@strawberry.type(description="An input breaks a rule.")
class ValidationError(UserError):
    pass


@strawberry.type(description="The change does not fit the present state of things.")
class ConflictError(UserError):
    current: Node | None = said("The thing as it stands now, when the caller worked from an older version of it.")


@strawberry.type(description="Something named in the input does not exist, or is not the caller's to see.")
class NotFoundError(UserError):
    pass


def _fields(refused: Refused) -> dict[str, Any]:
    return {"message": refused.message, "code": refused.code, "path": list(refused.path)}


class InvalidHandler(strawberry.ExceptionHandler[Invalid, ValidationError]):
    def handle(self, exception: Invalid, *, field: Any, info: Any) -> ValidationError:
        return ValidationError(**_fields(exception))


class InputHandler(strawberry.ExceptionHandler[InputValidationError, ValidationError]):
    def handle(self, exception: InputValidationError, *, field: Any, info: Any) -> ValidationError:
        first = exception.errors[0]
        message = "; ".join(f"{error.location[-1]}: {error.message}" for error in exception.errors)
        return ValidationError(message=message, code=Invalid.code, path=first.location)


class ConflictHandler(strawberry.ExceptionHandler[Conflict, ConflictError]):
    def handle(self, exception: Conflict, *, field: Any, info: Any) -> ConflictError:
        return ConflictError(**_fields(exception), current=exception.current)  # type: ignore[arg-type]


class NotFoundHandler(strawberry.ExceptionHandler[NotFound, NotFoundError]):
    def handle(self, exception: NotFound, *, field: Any, info: Any) -> NotFoundError:
        return NotFoundError(**_fields(exception))


EXCEPTION_HANDLERS = (InvalidHandler(), InputHandler(), ConflictHandler(), NotFoundHandler())


def payload(
    verb: str,
    noun: str,
    type_: Any,
    description: str,
    *,
    also: tuple[Any, ...] = (),
    more: dict[str, Any] | None = None,
) -> Any:
    """`union <Verb>Payload = <Verb>Success | ValidationError | ConflictError | NotFoundError`.

    The success type has one field, `noun`, of `type_`, and fields worked out of it, which `more` has by their names.
    `also` are further members; a resolver returns them as they are.
    """
    namespace = {"__annotations__": {noun: type_}, noun: said(description), **(more or {})}
    success = strawberry.type(
        type(f"{verb}Success", (), namespace), description=f"The answer when {verb[0].lower()}{verb[1:]} worked."
    )
    union = strawberry.union(
        f"{verb}Payload", description=f"What {verb[0].lower()}{verb[1:]} may answer: the result, or a mendable error."
    )
    members = (success, *also, ValidationError, ConflictError, NotFoundError)
    return Annotated[Union[members], union]  # noqa: UP007
