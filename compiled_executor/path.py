"""Response paths that cost next to nothing until an error, or a resolver, asks for one."""

from typing import TypeAlias, cast

from graphql.pyutils import Path

# Laid out as graphql's Path is, (previous, key, type name), but a bare tuple, which is made ten times as fast.
LazyPath: TypeAlias = Path | tuple[object, str | int, str | None] | None


def real_path(path: LazyPath) -> Path:
    """The path as graphql-core wants it."""
    if path is None or type(path) is Path:
        return cast("Path", path)
    previous, key, type_name = path
    return Path(real_path(cast("LazyPath", previous)) if previous is not None else None, key, type_name)
