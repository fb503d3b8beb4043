"""The only ways to declare a root field. A field without a gate cannot be declared."""

import hashlib
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import orjson
import strawberry
import structlog
from pydantic import SecretStr
from strawberry.extensions import FieldExtension

import documents
from auth.gate import Public, SignedIn, gate
from auth.permission import Permission
from auth.step_up import require_fresh
from documents.audit import acting
from documents.idempotency import TEXT, AlreadyDone, IdempotencyKey, current_key, find_result
from domain.errors import Conflict
from resolvers.act import act_of, record_refusal
from schema.directives import Gated

log = structlog.get_logger()
Resolver = Callable[..., Any]

SIGNED_IN = "signed-in"
May = Permission | str


class UnderPermission(FieldExtension):
    """Hands the resolver a context whose scope is that of the field's permission."""

    def __init__(self, permission: Permission | None) -> None:
        self._permission = permission

    async def resolve_async(self, next_: Resolver, source: Any, info: strawberry.Info, **kwargs: Any) -> Any:
        raw = info._raw_info
        narrowed = replace(info, _raw_info=raw._replace(context=raw.context.under(self._permission)))
        result = next_(source, narrowed, **kwargs)
        return result if isinstance(result, AsyncIterator) else await result


class SteppedUp(FieldExtension):
    """Lets through who has shown a moment ago who they are; see auth/step_up.py."""

    async def resolve_async(self, next_: Resolver, source: Any, info: strawberry.Info, **kwargs: Any) -> Any:
        require_fresh(info.context.signed_in, info.context.now())
        return await next_(source, info, **kwargs)


class Audited(FieldExtension):
    """Makes the mutation an act of the audit log, which must say what it changes; writes down when it is refused.

    Answers a repeated idempotency key with the stored answer, of which nothing is written. What `shows_secret` cannot
    be answered again: the secret is stored nowhere.
    """

    def __init__(self, action: str, *, shows_secret: bool = False) -> None:
        self._action = action
        self._revive = _shown_already if shows_secret else _revived

    async def resolve_async(self, next_: Resolver, source: Any, info: strawberry.Info, **kwargs: Any) -> Any:
        context, input = info.context, kwargs.get("input")
        act = act_of(self._action, context)
        try:
            with acting(act):
                key = _key(self._action, act.actor, input)
                result = await _once(key, self._revive, lambda: next_(source, info, **kwargs))
        except Exception as error:
            log.info("audit", action=self._action, actor=act.actor, outcome=type(error).__name__)
            await record_refusal(act, context, input, error)
            raise
        if context.viewer:
            # What they have changed may be what they may do; their next request shall see it.
            context.ports.viewers.forget(context.viewer.actor)
        log.info("audit", action=self._action, actor=act.actor, outcome="done")
        return result


async def _once(key: IdempotencyKey | None, revive: Callable[..., Any], run: Callable[[], Any]) -> Any:
    if key is None:
        return await run()
    stored = await find_result(key)
    if stored is not None:
        return revive(*stored)
    token = current_key.set(key)
    try:
        return await run()
    except AlreadyDone:
        stored = await find_result(key)
        if stored is None:
            raise Conflict("A request with this idempotency key is under way. Try again in a moment.") from None
        return revive(*stored)
    finally:
        current_key.reset(token)


def _key(action: str, actor: str, input: Any) -> IdempotencyKey | None:
    chosen = getattr(input, "idempotency_key", None)
    if chosen is None:
        return None
    fields = {name: value for name, value in input.model_dump().items() if name != "idempotency_key"}
    return IdempotencyKey(key_hash=_sha256([actor, action, chosen]), input_hash=_sha256(fields))


def _sha256(value: Any) -> str:
    return hashlib.sha256(orjson.dumps(value, default=_plain, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _plain(value: Any) -> str:
    """Secrets do not count: a fast hash of a password that is kept for a day would undo the slow one."""
    return "" if isinstance(value, SecretStr) else str(value)


def _revived(kind: str, stored: dict[str, Any]) -> Any:
    return stored[TEXT] if kind == TEXT else getattr(documents, kind).model_validate(stored)


def _shown_already(kind: str, stored: dict[str, Any]) -> Any:
    raise Conflict(
        "This was done already with this idempotency key, and its secret is shown once. If it is lost, make another.",
        path=("input", "idempotencyKey"),
        current=_revived(kind, stored),
    )


def _gate_of(may: May | None, public: str | None) -> tuple[type[Any], Permission | None]:
    if (may is None) == (public is None):
        raise TypeError("A root field names its permission with may=…, or says why it is open with public=….")
    if public is not None:
        return Public, None
    if isinstance(may, Permission):
        return gate(may), may
    if may != SIGNED_IN:
        raise TypeError(f"{may!r} is not a permission.")
    return SignedIn, None


def query(
    type_: Any, *, may: May | None = None, public: str | None = None, description: str, directives: tuple[Any, ...] = ()
) -> Callable[[Resolver], Any]:
    """Declare a query. `type_` is what goes over the wire; the resolver may return the documents behind it."""
    permission_class, permission = _gate_of(may, public)
    gated = Gated(may=may or f"public: {public}")
    # Without a permission the context is right as it is, and a plain resolver stays plain.
    extensions: list[FieldExtension] = [] if permission is None else [UnderPermission(permission)]
    return _field(type_, permission_class, extensions, _told(description, public), (gated, *directives))


def mutation(
    payload: Any,
    *,
    may: May | None = None,
    public: str | None = None,
    audit: str,
    description: str,
    step_up: bool = False,
    shows_secret: bool = False,
    directives: tuple[Any, ...] = (),
) -> Callable[[Resolver], Any]:
    """Declare a mutation. The resolver returns the one field of the payload's success member, or raises Refused.

    With `step_up` it takes a sign-in of a moment ago, with a second factor where the person has one. With
    `shows_secret` a repeated idempotency key is a conflict.
    """
    permission_class, permission = _gate_of(may, public)
    # From the inside out; strawberry puts the gate around them all.
    extensions: list[FieldExtension] = [
        UnderPermission(permission),
        Audited(audit, shows_secret=shows_secret),
        InSuccess(payload),
    ]
    if step_up:
        extensions.insert(0, SteppedUp())
    gated = Gated(may=may or f"public: {public}", step_up=step_up or strawberry.UNSET)
    return _field(payload, permission_class, extensions, _told(description, public), (gated, *directives))


def subscription(
    type_: Any, *, may: May | None = None, public: str | None = None, description: str
) -> Callable[[Resolver], Any]:
    """Declare a subscription. The resolver returns a LiveFeed, or another asynchronous iterator of messages."""
    permission_class, permission = _gate_of(may, public)

    def declare(resolver: Resolver) -> Any:
        return strawberry.subscription(
            resolver=resolver,
            graphql_type=type_,
            permission_classes=[permission_class],
            extensions=[UnderPermission(permission)],
            description=_told(description, public),
            directives=(Gated(may=may or f"public: {public}"),),
        )

    return declare


class InSuccess(FieldExtension):
    """Wraps what a mutation returns into the success member of its payload; other members pass as they are."""

    def __init__(self, payload: Any) -> None:
        members = payload.__args__[0].__args__ if hasattr(payload, "__args__") else (payload,)
        self._success, self._others = members[0], members[1:]
        (self._field,) = self._success.__annotations__

    async def resolve_async(self, next_: Resolver, source: Any, info: strawberry.Info, **kwargs: Any) -> Any:
        result = await next_(source, info, **kwargs)
        return result if isinstance(result, self._others) else self._success(**{self._field: result})


def _field(
    type_: Any,
    permission_class: type[Any],
    extensions: list[FieldExtension],
    description: str,
    directives: tuple[Any, ...],
) -> Callable[[Resolver], Any]:
    def declare(resolver: Resolver) -> Any:
        return strawberry.field(
            resolver=resolver,
            graphql_type=type_,
            permission_classes=[permission_class],
            extensions=extensions,
            description=description,
            directives=directives,
        )

    return declare


def _told(description: str, public: str | None) -> str:
    return description if public is None else f"{description} Open to everybody: {public}"
