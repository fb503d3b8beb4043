"""Processing is specified and inputs are checked.

Every repository that is not archived, a fork or empty counts as a service; its definition is looked for in the root and
in .github. GitHub tells when a repository last changed, not when a file did: a definition is as old as that at least.
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from domain.compliance.answers import listed
from domain.compliance.call_index import joined
from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.compliance.instants import age
from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity

REPOSITORIES, CONTENTS = "GET /orgs/{org}/repos", "GET /repos/{owner}/{repo}/contents/{path}"
PROTECTION = "GET /repos/{owner}/{repo}/branches/{branch}/protection"
RULES = "GET /repos/{owner}/{repo}/rules/branches/{branch}"
APIS, VALIDATORS = "apigateway.get_rest_apis", "apigateway.get_request_validators"
AZURE_APIS, POLICIES = "GET Microsoft.ApiManagement/service/apis", "GET Microsoft.ApiManagement/service/apis/policies"
GATEWAYS, CONFIGS = "apigateway.v1:projects.locations.apis.list", "apigateway.v1:projects.locations.apis.configs.list"
SOURCES = "apigateway.v1:projects.locations.apis.configs.get"
DEFINITION = re.compile(r"(openapi|swagger|asyncapi)[\w.-]*\.(ya?ml|json)|.+\.(graphqls?|gql)", re.IGNORECASE)
OLD = timedelta(days=365)


def _github(case: Case) -> Iterator[Item]:
    found: dict[tuple[str, str], list[str]] = {}
    for call in case.answers.calls(CONTENTS):
        names = [one["name"] for page in call.pages for one in page if DEFINITION.fullmatch(one["name"])]
        found.setdefault((call.arguments["owner"], call.arguments["repo"]), []).extend(names)
    reviewed = set(_reviewed(case))
    for repository in case.answers.items(REPOSITORIES):
        key = (repository["owner"]["login"], repository["name"])
        # What is empty has no folder to look into.
        if not repository["archived"] and not repository["fork"] and key in found:
            yield _definition(repository, found[key], key in reviewed, case)


def _reviewed(case: Case) -> Iterator[tuple[str, str]]:
    """The repositories whose default branch changes through reviewed pull requests only."""
    for call in case.answers.calls(PROTECTION):
        if any(page.get("required_pull_request_reviews") for page in call.pages):
            yield call.arguments["owner"], call.arguments["repo"]
    for call in case.answers.calls(RULES):
        if any(rule["type"] == "pull_request" for page in call.pages for rule in page):
            yield call.arguments["owner"], call.arguments["repo"]


def _definition(repository: dict[str, Any], names: list[str], is_reviewed: bool, case: Case) -> Item:
    name, wanted = repository["full_name"], "an OpenAPI, GraphQL or AsyncAPI definition, changed through review only"
    if not names:
        return failed(name, "no definition in its root or .github", wanted)
    if not is_reviewed:
        return failed(name, f"{names[0]} may be changed without review", wanted)
    if age(repository["pushed_at"], case.now) > OLD:
        return warned(name, f"{names[0]} not changed for 365 days", "a definition that is kept up")
    return passed(name, names[0])


def _aws(case: Case) -> Iterator[Item]:
    validators = {
        (call.region, call.arguments["restApiId"]): [one for page in call.pages for one in page.get("items") or []]
        for call in case.answers.calls(VALIDATORS)
    }
    for region, api in case.answers.located(APIS, "items"):
        if api["endpointConfiguration"]["types"] == ["PRIVATE"]:
            yield passed(api["id"], "not public")
        else:
            yield _validated(api["id"], validators.get((region, api["id"]), []))


def _validated(api: str, validators: list[Any]) -> Item:
    # What is not asked for may be left out.
    kinds = [(bool(one.get("validateRequestBody")), bool(one.get("validateRequestParameters"))) for one in validators]
    if (True, True) in kinds:
        return passed(api, "a validator for body and parameters")
    if any(body or parameters for body, parameters in kinds):
        return warned(api, "no validator for both", "a validator for body and parameters")
    return failed(api, "no validator", "a validator for body and parameters")


def _azure(case: Case) -> Iterator[Item]:
    policies = joined(case.answers, POLICIES, "id", "value")
    for api in case.answers.items(AZURE_APIS, "value"):
        names = {name for policy in policies.get(api["id"], []) for name in policy["policies"]}
        if not api["properties"]["isCurrent"]:
            yield passed(api["id"], "not the current revision")
        elif "validate-content" in names:
            yield passed(api["id"], "validate-content")
        else:
            say = warned if "validate-parameters" in names else failed
            yield say(api["id"], "no validate-content policy", "a validate-content policy")


def _gcp(case: Case) -> Iterator[Item]:
    """The list of configs leaves their documents out, which are asked for config by config."""
    configs = case.answers.by(CONFIGS, "parent")
    sources = {page["name"]: page for call in case.answers.calls(SOURCES) for page in call.pages}
    for api in case.answers.items(GATEWAYS, "apis"):
        found = [one for page in configs[api["name"]] for one in listed(page, "apiConfigs")]
        newest_first = sorted(found, key=lambda one: one["createTime"], reverse=True)
        good = [one["state"] == "ACTIVE" and bool(sources[one["name"]].get("openapiDocuments")) for one in newest_first]
        if not any(good):
            yield failed(api["name"], "no active config with an OpenAPI document", "one")
        elif good[0]:
            yield passed(api["name"], "an active config with an OpenAPI document")
        else:
            yield warned(api["name"], "only an older config is active with an OpenAPI document", "the newest is")


CONTROL = Control(
    id="CW-PIN-01",
    name="Processing is specified and inputs are checked",
    category="integrity",
    severity=Severity.MEDIUM,
    frequency=Frequency.WEEKLY,
    evidence_kind=EvidenceKind.MACHINE_STATE,
    criteria=("PI1.1", "PI1.2"),
    objective="Interfaces have a published definition and refuse what does not fit it.",
    owner_role="engineering",
    procedures=(
        Procedure(
            integration=Integration.GITHUB,
            scope="repository",
            operations=(
                "GET /repos/{owner}/{repo}/contents/{path}",
                "GET /orgs/{org}/repos",
                "GET /repos/{owner}/{repo}/branches/{branch}/protection",
                "GET /repos/{owner}/{repo}/rules/branches/{branch}",
            ),
            passes=(
                "Each repository holds an OpenAPI, GraphQL or AsyncAPI definition that is changed only through review."
            ),
            warns="Nothing in the repository, and so its definition, has changed for 365 days.",
            fails="A repository has no definition, or its definition may be changed without review.",
            judge=_github,
        ),
        Procedure(
            integration=Integration.AWS,
            scope="resource",
            operations=("apigateway.get_rest_apis", "apigateway.get_request_validators"),
            passes="Each public API has a validator for body and parameters.",
            warns="An API has a validator for one of them only.",
            fails="A public API has no validator.",
            judge=_aws,
        ),
        Procedure(
            integration=Integration.AZURE,
            scope="resource",
            operations=(
                "GET Microsoft.ApiManagement/service/apis",
                "GET Microsoft.ApiManagement/service/apis/policies",
            ),
            passes="Each API has a validate-content policy.",
            warns="An API has a validate-parameters policy only.",
            fails="An API has neither policy.",
            judge=_azure,
        ),
        Procedure(
            integration=Integration.GCP,
            scope="resource",
            operations=(CONFIGS, SOURCES, GATEWAYS),
            passes="The newest config of each API is active and has an OpenAPI document.",
            warns="Only an older config is active and has one.",
            fails="An API has no active config with an OpenAPI document.",
            judge=_gcp,
            version=2,
        ),
    ),
)
