"""What vendors send that opens something, and that must be gone before an answer is kept or parsed."""

import json
from typing import Any

import pytest

from connectors.clouds.aws import registration as aws
from connectors.clouds.azure import registration as azure
from connectors.clouds.digitalocean import registration as digitalocean
from connectors.clouds.gcp import registration as gcp
from connectors.reading.source import Registration
from connectors.systems.github import registration as github
from connectors.systems.okta import registration as okta

SECRET = "s3cr3t"
CASES: list[tuple[Registration, str, Any]] = [
    (
        azure.REGISTRATION,
        "GET Microsoft.Web/sites",
        {"value": [{"siteConfig": {"machineKey": {"decryption": SECRET}}}]},
    ),
    (
        azure.REGISTRATION,
        "Microsoft.Web/sites/{name}/config/web",
        {"properties": {"machineKey": {"validationKey": SECRET, "decryptionKey": SECRET}}},
    ),
    (
        azure.REGISTRATION,
        "GET Microsoft.Network/applicationGateways",
        {"value": [{"requestHeaderConfigurations": [{"headerName": "x-from", "headerValue": SECRET}]}]},
    ),
    (
        azure.REGISTRATION,
        "GET Microsoft.Insights/activityLogAlerts",
        {"value": [{"properties": {"actions": {"actionGroups": [{"webhookProperties": {"key": SECRET}}]}}}]},
    ),
    (
        aws.REGISTRATION,
        "wafv2.get_web_acl",
        {"Rules": [{"CustomRequestHandling": {"InsertHeaders": [{"Name": "x-from", "Value": SECRET}]}}]},
    ),
    (
        aws.REGISTRATION,
        "elbv2.describe_listeners",
        {"Listeners": [{"DefaultActions": [{"AuthenticateOidcConfig": {"ClientSecret": SECRET}}]}]},
    ),
    (
        gcp.REGISTRATION,
        "sqladmin.v1:operations.list",
        {"items": [{"importContext": {"bakImportOptions": {"encryptionOptions": {"pvkPassword": SECRET}}}}]},
    ),
    (
        gcp.REGISTRATION,
        "compute.v1:backendServices.aggregatedList",
        {"items": {"global": {"backendServices": [{"customRequestHeaders": [f"x-from: {SECRET}"]}]}}},
    ),
    (
        gcp.REGISTRATION,
        "securitycenter.v1:projects.sources.findings.list",
        {"listFindingsResults": [{"finding": {"processes": [{"envVariables": [{"name": "DB", "val": SECRET}]}]}}]},
    ),
    (
        gcp.REGISTRATION,
        "monitoring.v3:projects.uptimeCheckConfigs.list",
        {"uptimeCheckConfigs": [{"httpCheck": {"requestMethod": "POST", "body": SECRET}}]},
    ),
    (
        digitalocean.REGISTRATION,
        "GET /v2/databases",
        {
            "databases": [
                {
                    "connection": {"uri": SECRET, "password": SECRET},
                    "private_connection": {"uri": SECRET},
                    "users": [{"name": "doadmin", "password": SECRET, "access_key": SECRET}],
                }
            ]
        },
    ),
    (github.REGISTRATION, "GET /orgs/{org}/repos", [{"name": "web", "temp_clone_token": SECRET}]),
    (github.REGISTRATION, "GET /repos/{owner}/{repo}", {"name": "web", "temp_clone_token": SECRET}),
    (
        okta.REGISTRATION,
        "GET /api/v1/authenticators",
        [{"provider": {"configuration": {"secretKey": SECRET, "integrationKey": SECRET}}}],
    ),
    (okta.REGISTRATION, "GET /api/v1/logStreams", [{"settings": {"host": "h", "token": SECRET}}]),
    (
        okta.REGISTRATION,
        "GET /api/v1/users/{userId}/factors",
        [{"_embedded": {"activation": {"sharedSecret": SECRET, "_links": {"qrcode": {"href": SECRET}}}}}],
    ),
]


@pytest.mark.parametrize(("registration", "name", "answer"), CASES, ids=[name for _, name, _ in CASES])
def test_secret_of_an_answer_goes_no_further(registration: Registration, name: str, answer: Any) -> None:
    # One call may be made by several listings, each with its own way to hide.
    named = [one for listing in registration.listings for one in listing.operations if one.name.endswith(name)]

    assert named
    for operation in named:
        assert SECRET not in json.dumps(operation.hidden(answer) if operation.hidden else answer)
