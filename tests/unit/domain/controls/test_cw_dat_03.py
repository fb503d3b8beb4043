"""Data moves only over current TLS and certificates never lapse."""

import json
from datetime import timedelta
from typing import Any

import pytest

from domain.controls.cw_dat_03 import CONTROL
from domain.facts.compliance import Integration
from tests.factories.answers import NOW, call
from tests.factories.judged_alone import judged, verdicts

GCP = "https://www.googleapis.com/compute/v1/projects/p/global"
NAME = "//compute.googleapis.com/projects/p/global"
TO_HTTPS = {"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS"}}
AROUND = {"Type": "redirect", "RedirectConfig": {"Protocol": "#{protocol}"}}
DENY = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": ["arn:aws:s3:::files", "arn:aws:s3:::files/*"],
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}
# Days left to the verdict, with the warning at 30 days and the failure at 7.
LASTING = [(31, "PASS"), (29, "WARNING"), (8, "WARNING"), (6, "FAIL"), (-1, "FAIL")]


def after(days: int) -> str:
    return (NOW + timedelta(days=days)).isoformat()


@pytest.mark.parametrize(
    ("scheme", "listener", "expected"),
    [
        ("internet-facing", {"Protocol": "HTTPS", "SslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06"}, "PASS"),
        ("internet-facing", {"Protocol": "TLS", "SslPolicy": "ELBSecurityPolicy-FS-1-2-Res-2020-10"}, "PASS"),
        ("internet-facing", {"Protocol": "HTTPS", "SslPolicy": "ELBSecurityPolicy-TLS13-1-0-2021-06"}, "FAIL"),
        ("internal", {"Protocol": "HTTPS", "SslPolicy": "ELBSecurityPolicy-2016-08"}, "FAIL"),
        ("internet-facing", {"Protocol": "HTTP", "DefaultActions": [TO_HTTPS]}, "PASS"),
        ("internet-facing", {"Protocol": "HTTP", "DefaultActions": [AROUND]}, "FAIL"),
        ("internet-facing", {"Protocol": "HTTP", "DefaultActions": [{"Type": "forward"}]}, "FAIL"),
        ("internal", {"Protocol": "HTTP", "DefaultActions": [{"Type": "forward"}]}, "WARNING"),
        ("internet-facing", {"Protocol": "TCP"}, "WARNING"),
        ("internal", {"Protocol": "TCP"}, "PASS"),
        (None, {"Protocol": "TCP"}, "WARNING"),
    ],
)
def test_a_listener_takes_current_tls_or_redirects_to_it(scheme, listener, expected):
    found = judged(
        CONTROL,
        Integration.AWS,
        (
            "elbv2.describe_load_balancers",
            {"LoadBalancers": [{"LoadBalancerArn": "lb", "Type": "application", "Scheme": scheme}]},
        ),
        ("elbv2.describe_listeners", {"Listeners": [{"ListenerArn": "l", "LoadBalancerArn": "lb", **listener}]}),
    )

    assert verdicts(found) == {"l": expected}


def test_a_listener_for_gateways_stands_inside():
    found = judged(
        CONTROL,
        Integration.AWS,
        ("elbv2.describe_load_balancers", {"LoadBalancers": [{"LoadBalancerArn": "lb", "Type": "gateway"}]}),
        (
            "elbv2.describe_listeners",
            {"Listeners": [{"ListenerArn": "l", "LoadBalancerArn": "lb", "Protocol": "GENEVE"}]},
        ),
    )

    assert verdicts(found) == {"l": "PASS"}


@pytest.mark.parametrize(
    ("oldest", "first", "others", "expected"),
    [
        ("TLSv1.2_2021", "redirect-to-https", None, "PASS"),
        ("TLSv1.3_2025", "https-only", ["https-only"], "PASS"),
        ("TLSv1", "https-only", None, "FAIL"),
        ("TLSv1.2_2021", "allow-all", None, "FAIL"),
        ("TLSv1.2_2021", "https-only", ["allow-all"], "FAIL"),
    ],
)
def test_a_distribution_takes_current_tls_only(oldest, first, others, expected):
    distribution = {
        "ARN": "cdn",
        "DefaultCacheBehavior": {"ViewerProtocolPolicy": first},
        "CacheBehaviors": {"Items": others and [{"ViewerProtocolPolicy": one} for one in others]},
        "ViewerCertificate": {"MinimumProtocolVersion": oldest},
    }
    asked = ("cloudfront.list_distributions", {"DistributionList": {"Items": [distribution]}})

    assert verdicts(judged(CONTROL, Integration.AWS, asked)) == {"cdn": expected}


@pytest.mark.parametrize(("days", "expected"), LASTING)
def test_a_certificate_of_aws_lasts(days, expected):
    listed = [{"CertificateArn": "cert", "NotAfter": after(days)}, {"CertificateArn": "pending"}]
    asked = ("acm.list_certificates", {"CertificateSummaryList": listed})

    assert verdicts(judged(CONTROL, Integration.AWS, asked)) == {"cert": expected}


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (DENY, "PASS"),
        ({**DENY, "Principal": {"AWS": "*"}, "Action": ["s3:*"], "Resource": "*"}, "PASS"),
        ({**DENY, "Condition": {"Bool": {"AWS:securetransport": [False]}}}, "PASS"),
        ({**DENY, "Effect": "Allow"}, "WARNING"),
        ({**DENY, "Principal": {"AWS": "arn:aws:iam::1:root"}}, "WARNING"),
        ({**DENY, "Action": "s3:PutObject"}, "WARNING"),
        ({**DENY, "Resource": "arn:aws:s3:::files"}, "WARNING"),
        ({**DENY, "Condition": {"Bool": {"aws:SecureTransport": "true"}}}, "WARNING"),
        ({**DENY, "Condition": {**DENY["Condition"], "StringEquals": {"aws:PrincipalOrgID": "o"}}}, "WARNING"),
        ({**DENY, "Condition": None}, "WARNING"),
        (None, "WARNING"),
    ],
)
def test_a_bucket_denies_plain_text(statement: Any, expected):
    policy = [{"Policy": json.dumps({"Statement": [statement]})}] if statement else []
    found = judged(
        CONTROL,
        Integration.AWS,
        ("s3.list_buckets", {"Buckets": [{"Name": "files"}]}),
        call("s3.get_bucket_policy", *policy, Bucket="files"),
    )

    assert verdicts(found) == {"files": expected}


@pytest.mark.parametrize(
    ("parameter", "expected"),
    [
        ({"ParameterName": "rds.force_ssl", "ParameterValue": "1"}, {"eu-west-1:pg": "PASS"}),
        ({"ParameterName": "require_secure_transport", "ParameterValue": "ON"}, {"eu-west-1:pg": "PASS"}),
        ({"ParameterName": "rds.force_ssl", "ParameterValue": "0"}, {"eu-west-1:pg": "WARNING"}),
        ({"ParameterName": "require_secure_transport"}, {"eu-west-1:pg": "WARNING"}),
        ({"ParameterName": "max_connections", "ParameterValue": "1"}, {}),
    ],
)
def test_databases_of_aws_refuse_plain_text(parameter, expected):
    asked = call("rds.describe_db_parameters", {"Parameters": [parameter]}, at="eu-west-1", DBParameterGroupName="pg")

    assert verdicts(judged(CONTROL, Integration.AWS, asked, asked)) == expected


@pytest.mark.parametrize(
    ("version", "only", "expected"),
    [
        ("TLS1_2", True, "PASS"),
        ("TLS1_3", True, "PASS"),
        ("TLS1_0", True, "FAIL"),
        ("TLS1_1", None, "FAIL"),
        ("TLS1_2", False, "FAIL"),
        ("TLS1_2", None, "WARNING"),
        (None, True, "WARNING"),
    ],
)
def test_a_storage_account_takes_current_tls_only(version, only, expected):
    own = {"minimumTlsVersion": version, "supportsHttpsTrafficOnly": only}
    asked = ("GET Microsoft.Storage/storageAccounts", {"value": [{"id": "a", "properties": own}]})

    assert verdicts(judged(CONTROL, Integration.AZURE, asked)) == {"a": expected}


@pytest.mark.parametrize(
    ("version", "only", "expected"),
    [("1.2", True, "PASS"), ("1.0", True, "FAIL"), ("1.2", None, "FAIL"), (None, True, "WARNING")],
)
def test_a_site_takes_current_tls_only(version, only, expected):
    found = judged(
        CONTROL,
        Integration.AZURE,
        ("GET Microsoft.Web/sites", {"value": [{"id": "site", "properties": {"httpsOnly": only}}]}),
        call("GET Microsoft.Web/sites/{name}/config/web", {"properties": {"minTlsVersion": version}}, id="site"),
    )

    assert verdicts(found) == {"site": expected}


@pytest.mark.parametrize(("version", "expected"), [("1.2", "PASS"), ("1.1", "FAIL"), ("None", "WARNING")])
def test_a_sql_server_takes_current_tls_only(version, expected):
    asked = ("GET Microsoft.Sql/servers", {"value": [{"id": "s", "properties": {"minimalTlsVersion": version}}]})

    assert verdicts(judged(CONTROL, Integration.AZURE, asked)) == {"s": expected}


@pytest.mark.parametrize(
    ("oldest", "profile", "expected"),
    [
        ("TLS_1_2", "MODERN", "PASS"),
        ("TLS_1_2", "COMPATIBLE", "WARNING"),
        ("TLS_1_1", "MODERN", "FAIL"),
        ("TLS_1_0", "COMPATIBLE", "FAIL"),
    ],
)
def test_an_ssl_policy_of_google_is_current(oldest, profile, expected):
    policy = {"selfLink": f"{GCP}/sslPolicies/s", "minTlsVersion": oldest, "profile": profile}
    asked = ("compute.v1:sslPolicies.list", {"items": {"global": {"sslPolicies": [policy]}}})

    assert verdicts(judged(CONTROL, Integration.GCP, asked)) == {f"{NAME}/sslPolicies/s": expected}


@pytest.mark.parametrize(
    ("policy", "expected"), [("modern", "PASS"), ("compatible", "WARNING"), ("old", "FAIL"), (None, "FAIL")]
)
def test_a_proxy_of_google_is_judged_by_its_ssl_policy_and_the_default_is_an_old_one(policy, expected):
    policies = [
        {"selfLink": f"{GCP}/sslPolicies/modern", "minTlsVersion": "TLS_1_2", "profile": "MODERN"},
        {"selfLink": f"{GCP}/sslPolicies/compatible", "minTlsVersion": "TLS_1_2", "profile": "COMPATIBLE"},
        {"selfLink": f"{GCP}/sslPolicies/old", "minTlsVersion": "TLS_1_0", "profile": "MODERN"},
    ]
    proxy = {"selfLink": f"{GCP}/targetHttpsProxies/web"} | (
        {"sslPolicy": f"{GCP}/sslPolicies/{policy}"} if policy else {}
    )
    found = judged(
        CONTROL,
        Integration.GCP,
        ("compute.v1:sslPolicies.list", {"items": {"global": {"sslPolicies": policies}}}),
        ("compute.v1:targetHttpsProxies.list", {"items": {"global": {"targetHttpsProxies": [proxy]}}}),
    )

    assert verdicts(found)[f"{NAME}/targetHttpsProxies/web"] == expected


TO_HTTPS = {"httpsRedirect": True}


@pytest.mark.parametrize(
    ("ways", "expected"),
    [
        ({"defaultUrlRedirect": TO_HTTPS}, "PASS"),
        ({"defaultUrlRedirect": {"httpsRedirect": False}}, "WARNING"),
        ({"defaultService": f"{GCP}/backendServices/web"}, "WARNING"),
        (
            {
                "defaultUrlRedirect": TO_HTTPS,
                "pathMatchers": [
                    {"defaultUrlRedirect": TO_HTTPS, "pathRules": [{"paths": ["/a"], "urlRedirect": TO_HTTPS}]}
                ],
            },
            "PASS",
        ),
        (
            {"defaultUrlRedirect": TO_HTTPS, "pathMatchers": [{"defaultService": f"{GCP}/backendServices/web"}]},
            "WARNING",
        ),
        (
            {
                "defaultUrlRedirect": TO_HTTPS,
                "pathMatchers": [{"defaultUrlRedirect": TO_HTTPS, "routeRules": [{"service": "web"}]}],
            },
            "WARNING",
        ),
    ],
)
def test_a_plain_proxy_of_google_redirects_whatever_it_is_asked_for(ways, expected):
    proxy = {"selfLink": f"{GCP}/targetHttpProxies/web", "urlMap": f"{GCP}/urlMaps/web"}
    found = judged(
        CONTROL,
        Integration.GCP,
        ("compute.v1:targetHttpProxies.list", {"items": {"global": {"targetHttpProxies": [proxy]}}}),
        ("compute.v1:urlMaps.list", {"items": {"global": {"urlMaps": [{"selfLink": f"{GCP}/urlMaps/web", **ways}]}}}),
    )

    assert verdicts(found) == {f"{NAME}/targetHttpProxies/web": expected}


@pytest.mark.parametrize(("days", "expected"), LASTING)
def test_a_certificate_of_google_lasts(days, expected):
    listed = [
        {"selfLink": f"{GCP}/sslCertificates/c", "expireTime": after(days)},
        {"selfLink": f"{GCP}/sslCertificates/provisioning"},
    ]
    asked = ("compute.v1:sslCertificates.list", {"items": {"global": {"sslCertificates": listed}}})

    assert verdicts(judged(CONTROL, Integration.GCP, asked)) == {f"{NAME}/sslCertificates/c": expected}


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("ENCRYPTED_ONLY", "PASS"),
        ("TRUSTED_CLIENT_CERTIFICATE_REQUIRED", "PASS"),
        ("ALLOW_UNENCRYPTED_AND_ENCRYPTED", "FAIL"),
        (None, "FAIL"),
    ],
)
def test_a_cloud_sql_instance_takes_encrypted_connections_only(mode, expected):
    instance = {"name": "main", "settings": {"ipConfiguration": {"sslMode": mode}}}
    found = judged(CONTROL, Integration.GCP, ("sqladmin.v1:instances.list", {"items": [instance]}))

    assert verdicts(found) == {"//cloudsql.googleapis.com/projects/the-account/instances/main": expected}


@pytest.mark.parametrize(
    ("entries", "redirects", "ciphers", "expected"),
    [
        (["http", "https"], True, "STRONG", "PASS"),
        (["https"], False, "STRONG", "PASS"),
        (["tcp"], False, None, "PASS"),
        ([], False, None, "PASS"),
        (["http", "https"], True, "DEFAULT", "WARNING"),
        (["http2"], False, None, "WARNING"),
        (["http", "https"], False, "STRONG", "FAIL"),
    ],
)
def test_a_balancer_of_digitalocean_redirects(entries, redirects, ciphers, expected):
    balancer = {
        "id": "lb",
        "forwarding_rules": [{"entry_protocol": one} for one in entries],
        "redirect_http_to_https": redirects,
        "tls_cipher_policy": ciphers,
    }
    asked = ("GET /v2/load_balancers", {"load_balancers": [balancer]})

    assert verdicts(judged(CONTROL, Integration.DIGITALOCEAN, asked)) == {"lb": expected}


@pytest.mark.parametrize(("days", "expected"), LASTING)
def test_a_certificate_of_digitalocean_lasts(days, expected):
    asked = ("GET /v2/certificates", {"certificates": [{"id": "c", "not_after": after(days)}]})

    assert verdicts(judged(CONTROL, Integration.DIGITALOCEAN, asked)) == {"c": expected}


def test_a_tenant_wants_more_notice():
    asked = ("GET /v2/certificates", {"certificates": [{"id": "c", "not_after": after(40)}]})

    assert verdicts(judged(CONTROL, Integration.DIGITALOCEAN, asked, warn_cert_days=60)) == {"c": "WARNING"}
