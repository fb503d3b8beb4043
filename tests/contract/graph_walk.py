"""Walks the schema: every root field, a valid call of it, and every place in it that takes an id."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
)

from app.graphql.assembly import schema_for

GRAPH = schema_for(is_compiled=True)._schema

MEETING = {
    "heldAt": "2026-01-01T00:00:00Z",
    **{name: ["x"] for name in ("attendees", "independentMembers", "topics", "decisions")},
}
# Valid values where a plain text would be refused before anything is looked up.
SAMPLES: dict[str, Any] = {
    # To where nothing listens: these calls must not leave the machine.
    "AccessInput": {"slack": {"token": "not-a-real-token-of-slack", "endpointUrl": "http://127.0.0.1:9"}},
    "ChannelSettingsInput": {"email": {"addresses": ["somebody@example.com"]}},
    "SetEvidenceRetentionInput.days": 400,
    "RecordIncidentClockInput.regime": "gdpr",
    "RecordPublicPageInput.url": "https://www.example.com/security",
    "RecordPublicPageInput.approvedSha256": "0" * 64,
    "WeeklyHoursInput.begins": "22:00",
    "WeeklyHoursInput.ends": "06:00",
    "WeeklyHoursInput.zone": "UTC",
    "RegisterInput.email": "somebody@example.com",
    "RegisterInput.password": "correct horse battery staple",
    "InviteAuditorInput.email": "somebody@example.com",
    "InviteInput.email": "somebody@example.com",
    "SignInInput.email": "somebody@example.com",
    "ResendVerificationInput.email": "somebody@example.com",
    "RequestPasswordResetInput.email": "somebody@example.com",
    "ResetPasswordInput.password": "correct horse battery staple",
    "ChangePasswordInput.newPassword": "correct horse battery staple",
    "RequestEmailChangeInput.email": "somebody@example.com",
    "ReauthenticateInput": {"password": "correct horse battery staple"},
    "SecondFactorInput": {"totpCode": "123456"},
    "CreateBudgetInput.currency": "USD",
    "RunChecksInput.controlIds": "CW-IAM-01",
    "CostSourceSettingsInput": {"awsCostExplorer": {}},
    "CreateCostViewInput.isShared": False,
    "CostViewQuestionInput": {"period": "LAST_MONTH"},
    "SetExchangeRatesInput.csv": "from,to,day,rate\nUSD,EUR,2026-01-01,0.9\n",
    "SetExchangeRatesInput.rates": [],
    "AddStatementAdjustmentInput.currency": "USD",
    "RequestAuditPackInput.first": "2026-01-01",
    "RequestAuditPackInput.until": "2026-02-01",
    "RequestCostExportInput.focusVersion": "1.3",
    "RequestCostExportInput.until": "2026-02-01",
    "ExchangeSignInCodeInput.code": "cws_not-a-code-that-exists",
    "ExchangeSignInCodeInput.codeVerifier": "v" * 43,
    "LinkIdentityInput.code": "cws_not-a-code-that-exists",
    "LinkIdentityInput.codeVerifier": "v" * 43,
    "ReauthenticateWithProviderInput.code": "cws_not-a-code-that-exists",
    "ReauthenticateWithProviderInput.codeVerifier": "v" * 43,
    "ClaimDomainInput.name": "example.com",
    "CreateIdentityProviderInput.issuer": "https://issuer.example.com",
    "WeeklyHoursInput": {"begins": "22:00", "ends": "07:00"},
    **{f"{verb}RoutingRuleInput.tags": ["env=live"] for verb in ("Create", "Update")},
    **{f"{verb}RoutingRuleInput.zone": "Europe/Berlin" for verb in ("Create", "Update")},
    **{f"{verb}RoutingRuleInput.digestAt": "08:00" for verb in ("Create", "Update")},
    "DeclareBaselineInput.tags": "env=live",
    **{f"{verb}MaintenanceWindowInput.tags": ["env=live"] for verb in ("Create", "Update")},
    "AllocationTake": {"targetId": "QWxlcnQ6MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAw"},
    **{f"AllocationRuleInput.{name}": "2026-01" for name in ("effectiveFrom", "effectiveUntil")},
    "AllocatedCostsInput.currency": "USD",
    "AllocatedCostsInput.first": "2026-01-01",
    "AllocatedCostsInput.until": "2026-02-01",
    "AllocationTraceInput.first": "2026-01-01",
    "AllocationTraceInput.until": "2026-02-01",
    "PreviewRoutingInput.tags": ["env=live"],
    "CreateTicketRuleInput.project": "OPS",
    "CreateTicketRuleInput.labels": "label",
    "TicketFieldInput.name": "customfield_1",
    "TicketFieldInput.value": "1",
    "CreateStatusReportInput.at": "08:00",
    "CreateStatusReportInput.zone": "UTC",
    "FrameworkContentInput": {
        "csv": {"key": "sample", "name": "S", "version": "1", "text": "id,name,group,controls,fit\n1,A,G,,manual\n"}
    },
    "until": "2026-02-01",
    "SetControlOwnerInput.controlIds": "CW-IAM-01",
    "AttestationContentInput": {"boardMinutes": [MEETING]},
    "AddAttestationFileInput.mediaType": "text/plain",
    "AddAttestationFileInput.content": "dGV4dA==",
    "RequestControlExceptionInput.controlId": "CW-IAM-01",
    "ApproveRemediationInput.planHash": "0" * 64,
    **{f"{verb}RemediationPolicyInput.ruleIds": "aws-kms-rotation" for verb in ("Create", "Update")},
    **{f"{verb}RemediationPolicyInput.triggers": "FINDING" for verb in ("Create", "Update")},
    "ChangeComplianceSettingsInput.bundles": ["trustcloud"],
    "Decimal": "1",
    "Int": 1,
    "Boolean": True,
    "Date": "2026-01-01",
    "DateTime": "2026-01-01T00:00:00Z",
    "String": "some text",
}


@dataclass(frozen=True)
class RootField:
    """`operation` is query, mutation or subscription."""

    operation: str
    name: str
    field: GraphQLField

    def __str__(self) -> str:
        return f"{self.operation} {self.name}"

    @property
    def id_places(self) -> list[tuple[str, ...]]:
        """Paths through the arguments that end in an ID."""
        return [path for name, argument in self.field.args.items() for path in _id_places(argument.type, (name,))]

    def call(self, ids: dict[tuple[str, ...], Any] | None = None) -> tuple[str, dict[str, Any]]:
        """(document, variables) of a valid call; `ids` are put where their path leads."""
        variables: dict[str, Any] = {}
        for name, argument in self.field.args.items():
            wanted = {path[1:]: id for path, id in (ids or {}).items() if path[0] == name}
            value = sample(argument.type, wanted, name)
            if value is not None:
                variables[name] = value
        declared = ", ".join(f"${name}: {self.field.args[name].type}" for name in variables)
        passed = ", ".join(f"{name}: ${name}" for name in variables)
        head = f"{self.operation}({declared})" if declared else self.operation
        return f"{head} {{ {self.name}{f'({passed})' if passed else ''} {selection(self.field.type)} }}", variables


def root_fields() -> Iterator[RootField]:
    """Every field of the three root types."""
    roots = {"query": GRAPH.query_type, "mutation": GRAPH.mutation_type, "subscription": GRAPH.subscription_type}
    for operation, root in roots.items():
        assert root is not None
        for name, field in root.fields.items():
            yield RootField(operation, name, field)


def _id_places(type_: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    named = get_named_type(type_)
    if named.name == "ID":
        yield path
    elif isinstance(named, GraphQLInputObjectType):
        for name, field in named.fields.items():
            yield from _id_places(field.type, (*path, name))


def sample(type_: Any, ids: dict[tuple[str, ...], Any], place: str) -> Any:
    """A valid value; None for what may be left out and holds none of the wanted ids."""
    if isinstance(type_, GraphQLNonNull):
        return _sample(type_.of_type, ids, place)
    return _sample(type_, ids, place) if ids else None


def _sample(type_: Any, ids: dict[tuple[str, ...], Any], place: str) -> Any:
    if isinstance(type_, GraphQLList):
        return [_sample(get_named_type(type_), ids, place)]
    named = get_named_type(type_)
    if () in ids:
        return ids[()]
    for key in (place, named.name):
        if key in SAMPLES and not ids:
            return SAMPLES[key]
    if named.name == "ID":
        return "QWxlcnQ6MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAw"
    if isinstance(named, GraphQLEnumType):
        return next(iter(named.values))
    assert isinstance(named, GraphQLInputObjectType), f"{place}: add a sample for {named.name}"
    fields = {
        name: sample(field.type, {path[1:]: id for path, id in ids.items() if path[0] == name}, f"{named.name}.{name}")
        for name, field in named.fields.items()
    }
    return {name: value for name, value in fields.items() if value is not None}


# How deep a whole selection goes.
DEPTH = 4


def selection(type_: Any, depth: int = DEPTH) -> str:
    """Every field that needs no argument, a few levels deep."""
    named = get_named_type(type_)
    if isinstance(named, GraphQLUnionType):
        return _of_members(named.types, depth)
    if isinstance(named, GraphQLInterfaceType):
        return _of_interface(named, depth)
    if not isinstance(named, GraphQLObjectType):
        return ""
    picked = (
        f"{name} {selection(field.type, depth - 1)}" for name, field in named.fields.items() if _fits(field, depth)
    )
    return f"{{ __typename {' '.join(picked)} }}"


def _of_interface(named: GraphQLInterfaceType, depth: int) -> str:
    """What all have, and at the root of a question what each has besides, without what that leads to.

    Everything of all types at once would be more than one operation may select.
    """
    own = " ".join(name for name, field in named.fields.items() if _fits(field, 1))
    if depth < DEPTH:
        return f"{{ __typename {own} }}"
    members = _of_members(GRAPH.get_possible_types(named), 1, known=frozenset(named.fields))
    return f"{{ __typename {own} {members[len('{ __typename') : -1]} }}"


def _of_members(
    members: Sequence[GraphQLObjectType], depth: int, known: frozenset[str] = frozenset({"__typename"})
) -> str:
    """What each member has, but for names that mean different types in different members: those cannot be merged.

    `known` are asked for already, outside.
    """
    types: dict[str, set[str]] = {}
    for member in members:
        for name, field in member.fields.items():
            types.setdefault(name, set()).add(str(field.type))
    parts = []
    for member in members:
        picked = (
            f"{name} {selection(field.type, depth - 1)}"
            for name, field in member.fields.items()
            if _fits(field, depth) and len(types[name]) == 1 and name not in known
        )
        if own := " ".join(picked):
            parts.append(f"... on {member.name} {{ {own} }}")
    return f"{{ __typename {' '.join(parts)} }}"


def _fits(field: GraphQLField, depth: int) -> bool:
    is_leaf = not isinstance(get_named_type(field.type), GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType)
    return not field.args and (is_leaf or depth > 1)
