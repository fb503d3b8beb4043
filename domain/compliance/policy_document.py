"""IAM policy documents of AWS, as controls read them. Source: IAM user guide, "IAM JSON policy elements"."""

from typing import Any

EVERYTHING = frozenset({"*", "*:*"})


def statements(document: Any) -> list[Any]:
    """Its statements; one that stands alone is a list of one. Raises TypeError for a document that is no JSON."""
    found = document["Statement"]
    return found if isinstance(found, list) else [found]


def texts(value: Any) -> list[str]:
    """One text or several, as every element may be written; none for what is absent."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def allows_everything(document: Any) -> bool:
    """Whether a statement allows every action on everything. Conditions, which may narrow it, are not looked at."""
    return any(
        one["Effect"] == "Allow"
        and EVERYTHING.intersection(texts(one.get("Action")))
        and "*" in texts(one.get("Resource"))
        for one in statements(document)
    )
