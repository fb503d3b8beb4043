"""What is said of a thing that should have several parts."""

from collections.abc import Collection

from domain.compliance.control import Item, failed, passed, warned


def of_all_but_one(resource: str, wanted: Collection[str], found: Collection[str]) -> Item:
    """Passes with all of them, warns when one is missing, else fails."""
    missing = [one for one in wanted if one not in found]
    if not missing:
        return passed(resource, f"all of {', '.join(wanted)}")
    say = warned if len(missing) == 1 and len(wanted) > 1 else failed
    return say(resource, f"no {', '.join(missing)}", f"all of {', '.join(wanted)}")


def of_some(resource: str, wanted: Collection[str], found: Collection[str]) -> Item:
    """Passes with all of them, warns with some, fails with none."""
    missing = [one for one in wanted if one not in found]
    if not missing:
        return passed(resource, f"all of {', '.join(wanted)}")
    say = warned if len(missing) < len(wanted) else failed
    return say(resource, f"no {', '.join(missing)}", f"all of {', '.join(wanted)}")
