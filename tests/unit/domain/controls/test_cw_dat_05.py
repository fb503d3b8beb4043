"""Secrets live in a vault, never in code."""

from datetime import timedelta
from typing import Any

import pytest

from connectors.clouds.aws import hiding
from domain.controls import cw_dat_05
from domain.controls.cw_dat_05 import CONTROL
from domain.facts.compliance import Integration
from tests.factories.answers import NOW, call
from tests.factories.judged_alone import judged, verdicts

ON, OFF = {"status": "enabled"}, {"status": "disabled"}
ALERT = "acme/shop/secret-scanning/3"


def ago(**past: float) -> str:
    return (NOW - timedelta(**past)).isoformat()


def repository(**settings: Any) -> Any:
    page = {"full_name": "acme/shop", "security_and_analysis": settings}
    return call("GET /repos/{owner}/{repo}", page, owner="acme", repo="shop")


BOTH = repository(secret_scanning=ON, secret_scanning_push_protection=ON)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"secret_scanning": ON, "secret_scanning_push_protection": ON}, "PASS"),
        ({"secret_scanning": ON, "secret_scanning_push_protection": OFF}, "WARNING"),
        ({"secret_scanning": OFF, "secret_scanning_push_protection": ON}, "FAIL"),
        ({}, "FAIL"),
    ],
)
def test_a_repository_is_scanned(settings, expected):
    assert verdicts(judged(CONTROL, Integration.GITHUB, repository(**settings))) == {"acme/shop": expected}


@pytest.mark.parametrize(
    ("alert", "expected"),
    [
        ({"created_at": ago(hours=23)}, {ALERT: "WARNING"}),
        ({"created_at": ago(hours=25)}, {ALERT: "FAIL"}),
        ({"created_at": ago(hours=25), "validity": "active"}, {ALERT: "FAIL"}),
        ({"created_at": ago(hours=25), "validity": "inactive"}, {ALERT: "WARNING"}),
        ({"created_at": ago(hours=25), "state": "resolved"}, {}),
    ],
)
def test_an_alert_is_closed_in_time(alert, expected):
    usual = {"number": 3, "state": "open", "repository": {"full_name": "acme/shop"}}
    asked = ("GET /orgs/{org}/secret-scanning/alerts", [{**usual, **alert}])

    assert verdicts(judged(CONTROL, Integration.GITHUB, BOTH, asked)) == {"acme/shop": "PASS", **expected}


def test_an_organization_without_secret_scanning_fails():
    found = judged(CONTROL, Integration.GITHUB, BOTH, off=("GET /orgs/{org}/secret-scanning/alerts",))

    assert verdicts(found) == {"acme/shop": "PASS", "the-account": "FAIL"}


@pytest.mark.parametrize(
    ("secret", "expected"),
    [
        ({"RotationEnabled": True, "LastRotatedDate": ago(days=89)}, "PASS"),
        ({"RotationEnabled": True, "LastRotatedDate": ago(days=91)}, "FAIL"),
        ({"RotationEnabled": True, "LastChangedDate": ago(days=1)}, "WARNING"),
        ({"LastChangedDate": ago(days=89)}, "WARNING"),
        ({"LastChangedDate": ago(days=91)}, "FAIL"),
        ({}, "FAIL"),
    ],
)
def test_a_secret_of_aws_is_rotated(secret, expected):
    listed = {"SecretList": [{"ARN": "secret", "CreatedDate": ago(days=200), **secret}]}

    found = judged(CONTROL, Integration.AWS, ("secretsmanager.list_secrets", listed))

    assert verdicts(found) == {"secret": expected}


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"Variables": {"LOG_LEVEL": hiding.HIDDEN, "DB_SECRET_ARN": hiding.HIDDEN}}, "PASS"),
        ({"Variables": {"UPSTREAM": hiding.LOOKS_LIKE_SECRET}}, "FAIL"),
        ({"Variables": {"DB_PASSWORD": hiding.HIDDEN}}, "FAIL"),
        (None, "PASS"),
    ],
)
def test_a_function_holds_no_credential(environment, expected):
    asked = ("lambda.list_functions", {"Functions": [{"FunctionArn": "f", "Environment": environment}]})

    assert verdicts(judged(CONTROL, Integration.AWS, asked)) == {"f": expected}


def test_variables_that_aws_does_not_show_are_not_judged():
    function = {"FunctionArn": "f", "Environment": {"Error": {"ErrorCode": "AccessDenied"}}}

    found = judged(CONTROL, Integration.AWS, ("lambda.list_functions", {"Functions": [function]}))

    assert found.problem == "lambda.list_functions: AWS does not show the variables of f"


def test_hidden_values_are_told_apart_by_the_words_they_are_hidden_with():
    assert hiding.LOOKS_LIKE_SECRET == cw_dat_05.LOOKS_LIKE_SECRET


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"exp": (NOW + timedelta(days=15)).timestamp()}, "PASS"),
        ({"exp": (NOW + timedelta(days=13)).timestamp()}, "WARNING"),
        ({"exp": (NOW - timedelta(days=1)).timestamp()}, "FAIL"),
        ({}, "FAIL"),
        ({"enabled": False}, "PASS"),
    ],
)
def test_a_secret_of_azure_expires(attributes, expected):
    secret = {"id": "secret", "properties": {"attributes": {"enabled": True, **attributes}}}
    asked = call("GET Microsoft.KeyVault/vaults/secrets", {"value": [secret]}, id="vault")

    assert verdicts(judged(CONTROL, Integration.AZURE, asked)) == {"secret": expected}


@pytest.mark.parametrize(
    ("secret", "expected"),
    [
        ({"rotation": {"nextRotationTime": "2026-07-01T00:00:00Z"}, "createTime": ago(days=200)}, "PASS"),
        ({"expireTime": "2026-07-01T00:00:00Z", "createTime": ago(days=200)}, "PASS"),
        ({"createTime": ago(days=89)}, "WARNING"),
        ({"createTime": ago(days=91)}, "FAIL"),
    ],
)
def test_a_secret_of_google_is_rotated_or_expires(secret, expected):
    listed = {"secrets": [{"name": "projects/1/secrets/s", **secret}]}
    found = judged(CONTROL, Integration.GCP, ("secretmanager.v1:projects.secrets.list", listed))

    assert verdicts(found) == {"//secretmanager.googleapis.com/projects/1/secrets/s": expected}


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"services": [{"envs": [{"key": "DB_PASSWORD", "type": "SECRET"}, {"key": "LOG_LEVEL"}]}]}, "PASS"),
        ({"services": [{"envs": [{"key": "DB_PASSWORD", "type": "GENERAL"}]}]}, "FAIL"),
        ({"envs": [{"key": "API_KEY"}]}, "FAIL"),
        ({"workers": [{"envs": None}], "jobs": [{"envs": [{"key": "API_KEY"}]}]}, "FAIL"),
        ({}, "PASS"),
    ],
)
def test_an_app_keeps_its_credentials_as_secrets(spec, expected):
    asked = ("GET /v2/apps", {"apps": [{"id": "app", "spec": spec}]})

    assert verdicts(judged(CONTROL, Integration.DIGITALOCEAN, asked)) == {"app": expected}
