"""The keys that calls are signed with: the customer's, or those of a role that is assumed with them and renewed."""

from collections.abc import Awaitable, Callable
from typing import Any

import aioboto3
import aiobotocore.session
from aiobotocore.credentials import AioRefreshableCredentials
from botocore.loaders import create_loader

from domain.facts.aws_credentials import AwsCredentials

# Read once for all accounts: descriptions of the services take half a second of CPU and 30 MB each time they are read.
SERVICE_MODELS = create_loader()
# access_key, secret_key, token, expiry_time
Keys = dict[str, str]


def given_keys(credentials: AwsCredentials) -> Any:
    """Makes clients with the given keys, or with the process's own (environment, profile, instance role)."""
    secret, token = credentials.secret_access_key, credentials.session_token
    return aioboto3.Session(
        credentials.access_key_id,
        secret.get_secret_value() if secret else None,
        token.get_secret_value() if token else None,
        botocore_session=_library(),
    )


def role_keys(first: Keys, renew: Callable[[], Awaitable[Keys]]) -> Any:
    """Makes clients with the keys of a role; `renew` is called some minutes before they end."""
    library = _library()
    library._credentials = AioRefreshableCredentials.create_from_metadata(first, renew, "sts-assume-role")
    return aioboto3.Session(botocore_session=library)


def _library() -> Any:
    library = aiobotocore.session.get_session()
    library.register_component("data_loader", SERVICE_MODELS)
    return library
