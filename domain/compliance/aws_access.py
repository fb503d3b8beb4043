"""Who may do everything in an AWS account, as controls read it."""

from collections.abc import Iterator
from typing import NamedTuple

from domain.compliance.answers import Answers, listed
from domain.compliance.policy_document import allows_everything

DETAILS, HOLDERS = "iam.get_account_authorization_details", "iam.list_entities_for_policy"
OF_AWS, ADMINISTRATOR = ":iam::aws:policy/", ":iam::aws:policy/AdministratorAccess"
# The lists of entities, and of each the policies that are written into it.
INLINE = (
    ("UserDetailList", "UserPolicyList"),
    ("RoleDetailList", "RolePolicyList"),
    ("GroupDetailList", "GroupPolicyList"),
)


class Granted(NamedTuple):
    """Policies in use: one of the customer's by its ARN, or all that are written into the entity of this ARN."""

    arn: str
    is_attached: bool
    gives_everything: bool


def granted(answers: Answers) -> Iterator[Granted]:
    """The customer's policies that are attached, and those of users, roles and groups that have some of their own.

    Conditions are not looked at. Raises Unread, LookupError.
    """
    for policy in answers.items(DETAILS, "Policies"):
        if OF_AWS not in policy["Arn"] and policy["AttachmentCount"]:
            versions = (one["Document"] for one in policy["PolicyVersionList"] if one["IsDefaultVersion"])
            yield Granted(policy["Arn"], True, any(map(allows_everything, versions)))
    for kind, own in INLINE:
        for entity in answers.items(DETAILS, kind):
            # Left out for an entity without any.
            documents = [one["PolicyDocument"] for one in entity.get(own, ())]
            if documents:
                yield Granted(entity["Arn"], False, any(map(allows_everything, documents)))


def administrators(answers: Answers) -> set[tuple[str, str]]:
    """The users and roles, by kind and name, that hold AdministratorAccess, be it by a group. Raises Unread."""
    asked = answers.by(HOLDERS, "PolicyArn")
    pages = [page for arn, found in asked.items() if arn.endswith(ADMINISTRATOR) for page in found]
    groups = {one["GroupName"] for page in pages for one in listed(page, "PolicyGroups")}
    # Users in no group have no list.
    users = [one for one in answers.items(DETAILS, "UserDetailList") if groups.intersection(one.get("GroupList", ()))]
    by_group = {("user", one["UserName"]) for one in users}
    by_user = {("user", one["UserName"]) for page in pages for one in listed(page, "PolicyUsers")}
    return by_group | by_user | {("role", one["RoleName"]) for page in pages for one in listed(page, "PolicyRoles")}
