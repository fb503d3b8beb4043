"""What users and groups look like on the wire, and what this service says of itself.

Of a user only what is put to use is kept: what else a directory sends, passwords included, is dropped unread.
"""

from typing import Annotated, Any

from pydantic import Field
from scim2_models import (
    AuthenticationScheme,
    Bulk,
    CaseExact,
    ChangePassword,
    ComplexAttribute,
    ETag,
    Filter,
    Mutability,
    Pagination,
    Patch,
    Reference,
    Required,
    Resource,
    ResourceType,
    Schema,
    ScimPolicy,
    ScimProvider,
    ServiceProviderConfig,
    Sort,
    Uniqueness,
)
from scim2_models.resources.user import Email, Name
from scim2_models.urn import URN

MOST_RESULTS = 200
DEFAULT_RESULTS = 100


class UserGroup(ComplexAttribute):
    """A group that a user is in."""

    value: Annotated[str | None, Mutability.read_only, CaseExact.true] = None
    """The id of the group."""

    ref: Annotated[Reference["Group"] | None, Mutability.read_only] = Field(
        None, serialization_alias="$ref", validation_alias="$ref"
    )
    """The address of the group."""

    display: Annotated[str | None, Mutability.read_only] = None
    """The name of the group."""


class User(Resource[Any]):
    """A person, as their directory describes them."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:User")

    user_name: Annotated[str | None, Uniqueness.server, Required.true] = Field(None, max_length=254)
    """The directory's name of the person, unique in the organization in any case."""

    name: Name | None = None
    """The parts of the person's name."""

    display_name: str | None = Field(None, max_length=256)
    """What people call the person."""

    title: str | None = Field(None, max_length=256)
    """The person's position."""

    preferred_language: str | None = Field(None, max_length=256)
    """The language the person reads best."""

    locale: str | None = Field(None, max_length=256)
    """How numbers and dates are shown to the person."""

    timezone: str | None = Field(None, max_length=256)
    """The person's time zone."""

    active: bool | None = None
    """Whether the person is a member of the organization."""

    emails: list[Email] | None = Field(None, max_length=20)
    """The person's addresses; the primary one is that of sign-in."""

    groups: Annotated[list[UserGroup] | None, Mutability.read_only] = None
    """The groups the person is in."""


class GroupMember(ComplexAttribute):
    """A person in a group."""

    value: Annotated[str | None, Mutability.immutable, Required.true, CaseExact.true] = None
    """The id of the user."""

    ref: Annotated[Reference["User"] | None, Mutability.immutable] = Field(
        None, serialization_alias="$ref", validation_alias="$ref"
    )
    """The address of the user."""

    type: Annotated[str | None, Mutability.immutable] = Field(None, examples=["User"])
    """Always User: groups hold no groups."""


class Group(Resource[Any]):
    """People who belong together; a group can give a role."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:Group")

    display_name: Annotated[str | None, Required.true] = Field(None, max_length=256)
    """The name of the group."""

    members: list[GroupMember] | None = None
    """The people in the group."""


CONFIG = ServiceProviderConfig(
    patch=Patch(supported=True),
    bulk=Bulk(supported=False, max_operations=0, max_payload_size=0),
    filter=Filter(supported=True, max_results=MOST_RESULTS),
    change_password=ChangePassword(supported=False),
    sort=Sort(supported=False),
    etag=ETag(supported=True),
    pagination=Pagination(cursor=False, index=True, default_page_size=DEFAULT_RESULTS, max_page_size=MOST_RESULTS),
    authentication_schemes=[
        AuthenticationScheme(
            type=AuthenticationScheme.Type.oauthbearertoken,
            name="API key",
            description="An API key of a service account with the permission scim:provision, as a bearer token.",
            primary=True,
        )
    ],
)
# What directories send otherwise than the standard has it: attributes we do not keep, values in `remove` operations,
# and paths to an entry that is still to be made.
POLICY = ScimPolicy(
    unknown=ScimPolicy.Unknown.ignore,
    remove_value_as_filter=ScimPolicy.RemoveValue.apply,
    unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
)
PROVIDER = ScimProvider(
    models=[User, Group, ServiceProviderConfig, ResourceType, Schema],
    resource_types=[ResourceType.from_resource(User), ResourceType.from_resource(Group)],
    config=CONFIG,
    policy=POLICY,
)
