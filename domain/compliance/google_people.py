"""People of Google Workspace, as admin.directory_v1:users.list tells of them."""

from typing import Any

from domain.compliance.control import Item, failed, passed, warned


def second_factor_of(user: Any) -> Item:
    """Whether somebody is enrolled in 2-step verification and must be."""
    name = user["primaryEmail"]
    if not user["isEnrolledIn2Sv"]:
        return failed(user["id"], f"{name} is not enrolled in 2-step verification", "enrolled and enforced")
    if not user["isEnforcedIn2Sv"]:
        return warned(user["id"], f"{name} is enrolled, but may leave it", "enrolled and enforced")
    return passed(user["id"], f"{name} is enrolled and must be")
