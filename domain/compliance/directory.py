"""Okta as the directory that others are compared with: who people are, and who has left."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from domain.compliance.answers import Answers, NotOffered
from domain.compliance.control import Case
from domain.compliance.instants import instant
from domain.facts.compliance import Integration

USERS = "GET /api/v1/users"
LEFT = "DEPROVISIONED"


def people(answers: Answers) -> list[Any]:
    """Every user once; those that left are listed by a call of their own."""
    return list({user["id"]: user for user in answers.items(USERS)}.values())


def directory(case: Case) -> list[Any]:
    """The people of all directories that are connected. Raises NotOffered without one, Unread."""
    found = case.of(Integration.OKTA)
    if not found:
        raise NotOffered(USERS, "no directory is connected to compare with")
    return [user for answers in found for user in people(answers)]


def names_of(user: Any) -> set[str]:
    """What other systems know somebody by: address and login, in small letters."""
    profile = user["profile"]
    # An address may be missing, a login is not: see Okta's default profile.
    return {name.lower() for name in (profile["login"], profile.get("email")) if name}


def short_names_of(user: Any) -> set[str]:
    """The same, and what stands before the @: systems that are not told of addresses often use that."""
    return {short for name in names_of(user) for short in (name, name.partition("@")[0])}


def leavers(users: list[Any], names: Callable[[Any], set[str]] = names_of) -> dict[str, datetime]:
    """By name, when the directory has ended whom it knows by it. A name that somebody still has is left out."""
    gone = [user for user in users if user["status"] == LEFT]
    here = {name for user in users if user["status"] != LEFT for name in names(user)}
    ended = ((name, instant(user["statusChanged"])) for user in gone for name in names(user))
    return {name: at for name, at in ended if name not in here}
