"""One call of a plan, as data: what it sends, how it is known to have been made, and how it is taken back.

Everything is plain JSON, so that a plan can be shown, hashed and stored as it stands. Two values are filled in when a
step is made: `TOKEN`, a text of its own for each step of each run, and `answer(...)`, a value out of an earlier answer.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

# Stands for a text that is the same at each try of a step, and of no other step. At most 40 letters, digits and "-".
TOKEN: Mapping[str, Any] = {"$token": True}
ANSWER = "$answer"
# Marks what a step has made where a provider takes tags, so that a second try finds it.
MARK_TAG = "cloudwatcher-step"


def answer(step: str, path: str) -> dict[str, Any]:
    """What stands under the dotted `path` in the answer of an earlier step; numbers are places in lists."""
    return {ANSWER: step, "path": path}


class Call(BaseModel):
    """One call to the provider. `operation` is as the catalogues print it, `arguments` as the connector takes them.

    AWS: `ec2.delete_volume` and the arguments of that method. Others: the name of an operation in the vendor's
    `actions`, and what its path and body take. `region` None is the account's home.
    """

    model_config = ConfigDict(frozen=True)

    operation: str = Field(min_length=1)
    arguments: dict[str, Any] = Field(default_factory=dict)
    region: str | None = None


class Look(BaseModel):
    """A read that shows how far something is. `path` leads into its answer.

    As `Step.wait` the value there must become one of `ready` (compared as text), and never one of `failed`; with
    `ready` empty it must become missing. As `Step.found` anything there but a missing, empty or null value says that
    the step was made, and stands for its answer: as it is, or under the name `within` where the call answers so.
    """

    model_config = ConfigDict(frozen=True)

    call: Call
    path: str
    ready: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    within: str = ""


class Step(BaseModel):
    """One call that changes something.

    `name` is unique in its plan. `says` is what it does, in the words of a person who has to approve it. A step is made
    a second time when nobody knows whether the first was heard: it must come to the same then. Calls that set a value
    do by themselves, calls that take a token of the client carry `TOKEN`, and for calls that make something `found`
    looks for it first. `gone` are error codes that say that there is nothing left to do. `wait` is looked at until it
    is ready. `undo` takes the step back, in its order; it may use answers of the step and of those before it.
    """

    model_config = ConfigDict(frozen=True)

    name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,60}$")
    says: str = Field(min_length=1)
    call: Call
    found: Look | None = None
    gone: tuple[str, ...] = ()
    wait: Look | None = None
    undo: tuple["Step", ...] = ()

    @model_validator(mode="after")
    def _undo_is_final(self) -> Self:
        if any(one.undo for one in self.undo):
            raise ValueError(f"{self.name}: what takes a step back is not taken back itself")
        return self

    @property
    def calls(self) -> Iterator[Call]:
        """Every call it may make, without those of its undo."""
        yield self.call
        for look in (self.found, self.wait):
            if look is not None:
                yield look.call


def filled(value: Any, token: str, answers: Mapping[str, Any]) -> Any:
    """The value with its token and its answers of earlier steps in place.

    Raises KeyError, naming the step, when an answer is missing or has nothing under its path.
    """
    if isinstance(value, Mapping):
        if value == TOKEN:
            return token
        if ANSWER in value:
            return picked(answers[value[ANSWER]], value["path"], value[ANSWER])
        return {key: filled(inner, token, answers) for key, inner in value.items()}
    return [filled(inner, token, answers) for inner in value] if isinstance(value, list | tuple) else value


def picked(found: Any, path: str, step: str) -> Any:
    """What stands under a dotted path of an answer. Raises KeyError, naming the step, when it is missing."""
    value = reached(found, path)
    if value is None:
        raise KeyError(f"{step}: {path}")
    return value


def reached(found: Any, path: str) -> Any:
    """What stands under a dotted path; numbers are places in lists. None when it is missing.

    A part `name=value` is the first thing of a list that has this value, compared as text, or the thing itself if it
    has it.
    """
    for part in path.split(".") if path else ():
        name, is_choice, value = part.partition("=")
        found = _chosen(found, name, value) if is_choice else _inside(found, part)
    return found


def _inside(found: Any, key: str) -> Any:
    if isinstance(found, Mapping):
        return found.get(key)
    is_place = isinstance(found, list) and key.isdecimal() and int(key) < len(found)
    return found[int(key)] if is_place else None


def _chosen(found: Any, name: str, value: str) -> Any:
    things = found if isinstance(found, list) else [found]
    return next((one for one in things if isinstance(one, Mapping) and str(one.get(name)) == value), None)


def asked_answers(value: Any) -> Iterator[str]:
    """The names of the steps whose answers a value takes."""
    if isinstance(value, Mapping):
        if ANSWER in value:
            yield value[ANSWER]
        else:
            for inner in value.values():
                yield from asked_answers(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from asked_answers(inner)
