"""What is said of interfaces."""

from datetime import timedelta
from typing import Any

import pytest

from domain.compliance.judging import judge
from domain.controls import cw_pin_01
from domain.facts.compliance import CheckStatus, Integration
from tests.factories.answers import NOW, answers, call, case
from tests.factories.judged_module import said

PASS, WARNING, FAIL, ERROR, NONE = (
    CheckStatus.PASS,
    CheckStatus.WARNING,
    CheckStatus.FAIL,
    CheckStatus.ERROR,
    CheckStatus.NOT_APPLICABLE,
)
AWS, GCP, AZURE, GITHUB = (
    Integration.AWS,
    Integration.GCP,
    Integration.AZURE,
    Integration.GITHUB,
)
REPOSITORIES, CONTENTS = "GET /orgs/{org}/repos", "GET /repos/{owner}/{repo}/contents/{path}"
PROTECTION = "GET /repos/{owner}/{repo}/branches/{branch}/protection"
RULES = "GET /repos/{owner}/{repo}/rules/branches/{branch}"
HERE = {"owner": "us", "repo": "api"}


def ago(**span: float) -> str:
    return (NOW - timedelta(**span)).isoformat()


def github(root: list[str] | None, *, folder: tuple[str, ...] = (), by: str = "protection", **other: Any) -> Any:
    repository = {"full_name": "us/api", "name": "api", "owner": {"login": "us"}, "archived": False, "fork": False}
    folders = ((path, names) for path, names in (("", root), (".github", folder)) if names is not None)
    return answers(
        GITHUB,
        (REPOSITORIES, [{**repository, "pushed_at": ago(days=365), **other}]),
        *(call(CONTENTS, [{"name": name} for name in names], **HERE, path=path) for path, names in folders),
        call(PROTECTION, {"required_pull_request_reviews": {} if by != "protection" else {"count": 1}}, **HERE),
        call(RULES, [{"type": "pull_request" if by == "rules" else "deletion"}], **HERE),
    )


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (github(["README.md", "openapi.yaml"]), PASS),
        (github(["asyncapi.v2.yml"], by="rules"), PASS),
        (github([], folder=("schema.graphql",)), PASS),
        (github(["swagger.json"], by="nothing"), FAIL),
        (github(["openapi.yaml"], pushed_at=ago(days=366)), WARNING),
        (github(["README.md", "openapi.md"]), FAIL),
        (github(["README.md"], archived=True), NONE),
        (github(["README.md"], fork=True), NONE),
    ],
)
def test_a_repository_holds_a_reviewed_definition(asked: Any, status: CheckStatus) -> None:
    assert said(cw_pin_01, asked) is status


def test_an_empty_repository_has_no_interface() -> None:
    empty = {"name": "new", "owner": {"login": "us"}, "archived": False, "fork": False}
    other = call(CONTENTS, [], owner="us", repo="other", path="")

    assert said(cw_pin_01, answers(GITHUB, (REPOSITORIES, [empty]), other, (PROTECTION,), (RULES,))) is NONE


def rest(*validators: tuple[bool, bool], kinds: tuple[str, ...] = ("REGIONAL",), at: str = "eu-west-1") -> Any:
    listed = [{"validateRequestBody": body, "validateRequestParameters": rest} for body, rest in validators]
    return answers(
        AWS,
        call(
            "apigateway.get_rest_apis", {"items": [{"id": "a", "endpointConfiguration": {"types": list(kinds)}}]}, at=at
        ),
        call("apigateway.get_request_validators", {"items": listed or None}, at="eu-west-1", restApiId="a"),
    )


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (rest((True, True)), PASS),
        (rest((False, True)), WARNING),
        (rest((True, False), (False, True)), WARNING),
        (rest((False, False)), FAIL),
        (rest(), FAIL),
        (rest((True, True), at="us-east-1"), FAIL),
        (rest(kinds=("PRIVATE",)), PASS),
    ],
)
def test_a_public_api_refuses_what_does_not_fit(asked: Any, status: CheckStatus) -> None:
    assert said(cw_pin_01, asked) is status


@pytest.mark.parametrize(
    ("policies", "is_current", "status"),
    [
        (["base", "validate-content"], True, PASS),
        (["validate-parameters"], True, WARNING),
        (["base"], True, FAIL),
        (["base"], False, PASS),
    ],
)
def test_an_api_behind_api_management_checks_content(policies: Any, is_current: bool, status: CheckStatus) -> None:
    api = {"id": "/apis/a", "properties": {"path": "a", "isCurrent": is_current}}
    named = {"value": [{"id": "p", "policies": policies}]}
    azure = answers(
        AZURE,
        ("GET Microsoft.ApiManagement/service/apis", {"value": [api]}),
        call("GET Microsoft.ApiManagement/service/apis/policies", named, id="/apis/a"),
    )

    assert said(cw_pin_01, azure) is status


def config(created: str, state: str = "ACTIVE", documents: int = 1) -> tuple[dict[str, Any], dict[str, Any]]:
    """As the list has it, and as it is shown alone."""
    own = {"name": f"a/configs/{created}"}
    shown = {**own, "openapiDocuments": [{"document": {"path": "a.yaml"}}]} if documents else own
    return {**own, "createTime": created, "state": state}, shown


@pytest.mark.parametrize(
    ("configs", "status"),
    [
        ([config("2026-01-01"), config("2026-02-01")], PASS),
        ([config("2026-01-01"), config("2026-02-01", "FAILED")], WARNING),
        ([config("2026-01-01"), config("2026-02-01", documents=0)], WARNING),
        ([config("2026-01-01", documents=0)], FAIL),
        # Google leaves out what is empty.
        ([], FAIL),
    ],
)
def test_the_newest_config_of_a_gateway_has_a_document(configs: list[Any], status: CheckStatus) -> None:
    google = answers(
        GCP,
        ("apigateway.v1:projects.locations.apis.list", {"apis": [{"name": "a"}]}),
        call(cw_pin_01.CONFIGS, {"apiConfigs": [one for one, _ in configs]} if configs else {}, parent="a"),
        *(call(cw_pin_01.SOURCES, shown, config=shown["name"]) for _, shown in configs),
        needless=[cw_pin_01.SOURCES],
    )

    assert said(cw_pin_01, google) is status


@pytest.mark.parametrize("module", [cw_pin_01])
def test_nothing_is_said_of_what_was_not_read(module: Any) -> None:
    for one in module.CONTROL.procedures:
        unread = answers(one.integration, unread=one.operations)

        assert judge(one, case(unread, module.CONTROL)).status is ERROR


def test_a_part_that_a_validator_does_not_name_is_not_checked() -> None:
    listed = {"items": [{"validateRequestBody": True}]}
    apis = {"items": [{"id": "a", "endpointConfiguration": {"types": ["REGIONAL"]}}]}
    asked = answers(
        AWS,
        call("apigateway.get_rest_apis", apis, at="eu-west-1"),
        call("apigateway.get_request_validators", listed, at="eu-west-1", restApiId="a"),
    )

    assert said(cw_pin_01, asked) is WARNING
