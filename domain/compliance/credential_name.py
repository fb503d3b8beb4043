"""Which names of variables say that their values are credentials. The values themselves are never kept."""

import re

_SECRET = re.compile(
    r"(^|_)(PASSWORD|PASSWD|PWD|PASSPHRASE|SECRET|SECRETS|TOKEN|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|SECRET_?KEY|"
    r"SIGNING_?KEY|ENCRYPTION_?KEY|AUTH_?KEY|CREDENTIALS?|CONNECTION_?STRING)(_|$)"
)
# What follows the word where the value only says where the credential is, or something about it.
_ABOUT = re.compile(
    r"_(ARN|NAME|ID|PATH|FILE|URL|URI|ENDPOINT|HEADER|TYPE|TTL|LENGTH|COUNT|ENABLED|EXPIRY|EXPIRATION|LIFETIME|"
    r"SECONDS|MINUTES|HOURS|DAYS|VERSION|REGION|PREFIX)$"
)
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def names_credential(name: str) -> bool:
    """Whether a variable of this name holds a credential: DB_PASSWORD and apiKey do, SECRET_ARN does not."""
    words = _HUMP.sub("_", name).replace("-", "_").replace(".", "_").upper()
    return bool(_SECRET.search(words)) and not _ABOUT.search(words)
