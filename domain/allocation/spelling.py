"""One spelling of names and values of tags, so that "Data-Platform", "data_platform" and " data.platform" are one."""

import re
import unicodedata

_BETWEEN = re.compile(r"[\s\-_.]+")


def folded(text: str) -> str:
    """Without differences of case, width, blanks, hyphens, underscores and dots; may be empty."""
    return _BETWEEN.sub("", unicodedata.normalize("NFKC", text).casefold())
