"""A signed token (JWT, RFC 7519) against a set of public keys: whose it is, never what it says."""

from collections.abc import Sequence

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry
from joserfc.jwt import Token


class UnknownKey(Exception):
    """The token names a key that is not in the set: whoever signs may have changed its keys."""


class BadSignature(Exception):
    """It is no token, or its signature does not hold."""


def opened(token: str, keys: KeySet, algorithms: Sequence[str]) -> Token:
    """Header and claims of a token that one of the keys has signed with one of the algorithms.

    Raises UnknownKey when newer keys may be needed, else BadSignature.
    """
    registry = JWSRegistry(algorithms=list(algorithms), strict_check_header=False)
    try:
        return jwt.decode(token, key=keys, registry=registry)
    except InvalidKeyIdError as error:
        raise UnknownKey from error
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise BadSignature from error
