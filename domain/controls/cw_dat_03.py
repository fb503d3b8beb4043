"""Data moves only over current TLS and certificates never lapse."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from domain.compliance.buckets import bucket_names
from domain.compliance.call_index import first_pages
from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.compliance.google_scopes import aggregated, full_name, path_of
from domain.compliance.instants import instant
from domain.compliance.resource_policy import denies_plain_text, statements
from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity

CURRENT = "TLS 1.2 or newer"
# How names of policies begin that know nothing older. Source: "Security policies" of Application Load Balancers.
CURRENT_POLICIES = tuple(f"ELBSecurityPolicy-{name}" for name in ("TLS13-1-2", "TLS13-1-3", "TLS-1-2", "FS-1-2"))
# Parameters by which databases refuse what is not encrypted, and the values that say so.
FORCES, FORCED = frozenset({"rds.force_ssl", "require_secure_transport"}), frozenset({"1", "on", "true"})
AZURE_CURRENT = frozenset({"TLS1_2", "TLS1_3", "1.2", "1.3"})
# What a proxy has that names no SSL policy. Source: Cloud Load Balancing, "SSL policies overview".
DEFAULT_POLICY = {"minTlsVersion": "TLS_1_0", "profile": "COMPATIBLE"}
ENCRYPTED_ONLY = frozenset({"ENCRYPTED_ONLY", "TRUSTED_CLIENT_CERTIFICATE_REQUIRED"})


def _aws(case: Case) -> Iterator[Item]:
    balancers = {one["LoadBalancerArn"]: one for one in _items(case, "elbv2.describe_load_balancers", "LoadBalancers")}
    for one in _items(case, "elbv2.describe_listeners", "Listeners"):
        yield _listener(one, _is_public(balancers[one["LoadBalancerArn"]]))
    for one in _items(case, "cloudfront.list_distributions", "DistributionList.Items"):
        yield _distribution(one)
    for one in _items(case, "acm.list_certificates", "CertificateSummaryList"):
        yield from _certificate(case, one["CertificateArn"], one.get("NotAfter"))
    policies = first_pages(case.answers, "s3.get_bucket_policy", "Bucket")
    for name in bucket_names(case.answers):
        yield _bucket(name, policies.get(name))
    yield from _parameter_groups(case)


def _items(case: Case, operation: str, path: str) -> Iterator[Any]:
    return case.answers.items(operation, path)


def _is_public(balancer: Mapping[str, Any]) -> bool:
    """Balancers for gateways have no scheme, and stand inside."""
    return balancer["Type"] != "gateway" and balancer.get("Scheme") != "internal"


def _listener(listener: Mapping[str, Any], is_public: bool) -> Item:
    """By its default action; rules of a listener that redirects may still send single paths on in plain text."""
    name, protocol = listener["ListenerArn"], listener["Protocol"]
    if protocol in ("HTTPS", "TLS"):
        policy = listener["SslPolicy"]
        if policy.startswith(CURRENT_POLICIES):
            return passed(name, f"{protocol} with {policy}")
        return failed(name, f"{protocol} with {policy}, which takes older versions", CURRENT)
    if protocol != "HTTP":
        observed = f"{protocol}, passed on as it comes"
        return warned(name, f"{observed} from the internet", "HTTPS or TLS") if is_public else passed(name, observed)
    if any(_redirects(action) for action in listener["DefaultActions"]):
        return passed(name, "HTTP, redirected to HTTPS")
    if is_public:
        return failed(name, "plain HTTP from the internet", "a redirect to HTTPS")
    return warned(name, "plain HTTP inside", "a redirect to HTTPS")


def _redirects(action: Mapping[str, Any]) -> bool:
    return bool(action["Type"] == "redirect" and action["RedirectConfig"]["Protocol"] == "HTTPS")


def _distribution(distribution: Mapping[str, Any]) -> Item:
    """With the certificate of CloudFront's own domain the oldest version is always TLS 1.0."""
    behaviors = [distribution["DefaultCacheBehavior"], *(distribution["CacheBehaviors"].get("Items") or [])]
    if any(one["ViewerProtocolPolicy"] == "allow-all" for one in behaviors):
        return failed(distribution["ARN"], "answers plain HTTP", "HTTPS, or a redirect to it")
    oldest = distribution["ViewerCertificate"]["MinimumProtocolVersion"]
    if oldest.startswith(("TLSv1.2", "TLSv1.3")):
        return passed(distribution["ARN"], f"HTTPS from {oldest}")
    return failed(distribution["ARN"], f"takes {oldest}", CURRENT)


def _certificate(case: Case, name: str, ends: str | None) -> Iterator[Item]:
    """By the days it has left. One that is not issued yet has no end, and nothing to judge."""
    if ends is None:
        return
    left, warn, fail = instant(ends) - case.now, case.parameters["warn_cert_days"], case.parameters["fail_cert_days"]
    observed, expected = f"ends on {instant(ends).date()}", f"more than {warn} days left"
    if left < timedelta(days=fail):
        yield failed(name, observed, expected)
    elif left < timedelta(days=warn):
        yield warned(name, observed, expected)
    else:
        yield passed(name, observed)


def _bucket(name: str, page: Any) -> Item:
    if page and any(denies_plain_text(one) for one in statements(page["Policy"])):
        return passed(name, "the bucket policy denies access without TLS")
    return warned(name, "no bucket policy denies access without TLS", "a policy that denies it")


def _parameter_groups(case: Case) -> Iterator[Item]:
    """Of engines with such a parameter. Names of groups are those of their region; they are asked once per database."""
    found: dict[str, dict[str, str]] = {}
    for call in case.answers.calls("rds.describe_db_parameters"):
        own = found.setdefault(f"{call.region}:{call.arguments.get('DBParameterGroupName')}", {})
        parameters = [one for page in call.pages for one in page["Parameters"]]
        # A parameter nobody set, and AWS neither, has no value.
        own.update({one["ParameterName"]: str(one.get("ParameterValue", "")).lower() for one in parameters})
    for group, values in found.items():
        for name in sorted(FORCES & values.keys()):
            if values[name] in FORCED:
                yield passed(group, f"{name} is on")
            else:
                yield warned(group, f"{name} is off, so databases take connections in plain text", f"{name} on")


def _azure(case: Case) -> Iterator[Item]:
    configs = first_pages(case.answers, "GET Microsoft.Web/sites/{name}/config/web", "id")
    for one in _items(case, "GET Microsoft.Storage/storageAccounts", "value"):
        own = one["properties"]
        yield _settings(one["id"], own.get("minimumTlsVersion"), own.get("supportsHttpsTrafficOnly"))
    for one in _items(case, "GET Microsoft.Web/sites", "value"):
        version = configs[one["id"]]["properties"].get("minTlsVersion")
        # A site that does not say so takes plain HTTP.
        yield _settings(one["id"], version, one["properties"].get("httpsOnly") or False)
    for one in _items(case, "GET Microsoft.Sql/servers", "value"):
        yield _settings(one["id"], one["properties"].get("minimalTlsVersion"), True)


def _settings(name: str, version: str | None, https_only: bool | None) -> Item:
    """None is a setting that was left to Azure, which takes TLS 1.2 at least and for storage HTTPS only.

    Source: "TLS 1.0 and 1.1 retirement" of Azure SQL Database, Storage and App Service.
    """
    if https_only is False:
        return failed(name, "plain HTTP is allowed", "HTTPS only")
    # SQL servers say None in words.
    if version not in (None, "None") and version not in AZURE_CURRENT:
        return failed(name, f"takes {version}", CURRENT)
    if https_only is None or version in (None, "None"):
        return warned(name, "a setting is left to Azure's default", f"HTTPS only and {CURRENT}, both set")
    return passed(name, f"HTTPS only from {version}")


def _gcp(case: Case) -> Iterator[Item]:
    policies = {
        path_of(one["selfLink"]): one for one in aggregated(case.answers, "compute.v1:sslPolicies.list", "sslPolicies")
    }
    for one in policies.values():
        yield _ssl_policy(full_name(one), one)
    for one in aggregated(case.answers, "compute.v1:targetHttpsProxies.list", "targetHttpsProxies"):
        link = one.get("sslPolicy")
        yield _ssl_policy(full_name(one), policies[path_of(link)] if link else DEFAULT_POLICY)
    maps = {path_of(one["selfLink"]): one for one in aggregated(case.answers, "compute.v1:urlMaps.list", "urlMaps")}
    for one in aggregated(case.answers, "compute.v1:targetHttpProxies.list", "targetHttpProxies"):
        yield _plain_proxy(full_name(one), maps[path_of(one["urlMap"])])
    for one in aggregated(case.answers, "compute.v1:sslCertificates.list", "sslCertificates"):
        yield from _certificate(case, full_name(one), one.get("expireTime"))
    for one in _items(case, "sqladmin.v1:instances.list", "items"):
        name = f"//cloudsql.googleapis.com/projects/{case.answers.account}/instances/{one['name']}"
        # Without a mode, as instances of old have none, plain connections are taken.
        mode = one["settings"]["ipConfiguration"].get("sslMode")
        yield passed(name, mode) if mode in ENCRYPTED_ONLY else failed(name, mode or "no SSL mode", "ENCRYPTED_ONLY")


def _plain_proxy(name: str, url_map: Mapping[str, Any]) -> Item:
    """Whether it is reached from the internet is not read, so that one without a redirect is a warning."""
    matchers = url_map.get("pathMatchers") or []
    rules = [rule for one in matchers for rule in (*(one.get("pathRules") or []), *(one.get("routeRules") or []))]
    ways = [url_map.get("defaultUrlRedirect"), *(one.get("defaultUrlRedirect") for one in matchers)]
    ways += [rule.get("urlRedirect") for rule in rules]
    if all(way and way.get("httpsRedirect") for way in ways):
        return passed(name, "HTTP, redirected to HTTPS")
    return warned(name, "answers plain HTTP", "a redirect to HTTPS")


def _ssl_policy(name: str, policy: Mapping[str, Any]) -> Item:
    """Of a policy, or of a proxy that has it."""
    oldest = policy["minTlsVersion"]
    if oldest not in ("TLS_1_2", "TLS_1_3"):
        return failed(name, f"takes {oldest}", CURRENT)
    if policy.get("profile", "COMPATIBLE") == "COMPATIBLE":
        return warned(name, "the profile COMPATIBLE keeps old ciphers", "MODERN or RESTRICTED")
    return passed(name, f"{oldest}, {policy['profile']}")


def _digitalocean(case: Case) -> Iterator[Item]:
    for one in _items(case, "GET /v2/load_balancers", "load_balancers"):
        yield _balancer(one)
    for one in _items(case, "GET /v2/certificates", "certificates"):
        yield from _certificate(case, one["id"], one.get("not_after"))


def _balancer(balancer: Mapping[str, Any]) -> Item:
    """Without an entry for plain HTTP there is nothing to redirect."""
    entries = {rule["entry_protocol"] for rule in balancer["forwarding_rules"]}
    if "http" in entries and not balancer["redirect_http_to_https"]:
        return failed(balancer["id"], "plain HTTP without a redirect", "a redirect to HTTPS")
    # Balancers from before the setting have the default.
    if entries & {"https", "http2", "http3"} and balancer.get("tls_cipher_policy") != "STRONG":
        return warned(balancer["id"], "cipher policy DEFAULT", "cipher policy STRONG")
    return passed(balancer["id"], f"entries: {', '.join(sorted(entries)) or 'none'}")


CONTROL = Control(
    id="CW-DAT-03",
    name="Data moves only over current TLS and certificates never lapse",
    category="data",
    severity=Severity.HIGH,
    frequency=Frequency.HALF_HOURLY,
    evidence_kind=EvidenceKind.MACHINE_STATE,
    criteria=("CC6.7", "CC6.1"),
    objective="No plain text on any path a customer or partner uses.",
    owner_role="security",
    parameters={"warn_cert_days": 30, "fail_cert_days": 7},
    remediations=(
        "aws.elbv2.redirect_http",
        "aws.s3.require_tls",
        "digitalocean.lb.redirect_https",
        "azure.storage.require_tls12",
    ),
    procedures=(
        Procedure(
            integration=Integration.AWS,
            scope="resource",
            operations=(
                "elbv2.describe_load_balancers",
                "elbv2.describe_listeners",
                "acm.list_certificates",
                "cloudfront.list_distributions",
                "s3.list_buckets",
                "s3.get_bucket_policy",
                "rds.describe_db_parameters",
            ),
            passes=(
                "Public listeners are HTTPS or TLS 1.2 and newer or redirect to it, buckets and databases refuse plain"
                " text, and certificates last longer than warn_cert_days."
            ),
            warns=(
                "A certificate ends within warn_cert_days, a listener inside takes HTTP without redirecting, a public"
                " one is neither HTTP nor TLS, or a bucket or database takes plain text."
            ),
            fails="A certificate ends within fail_cert_days, TLS older than 1.2 is taken, or plain HTTP from outside.",
            judge=_aws,
        ),
        Procedure(
            integration=Integration.AZURE,
            scope="resource",
            operations=(
                "GET Microsoft.Storage/storageAccounts",
                "GET Microsoft.Web/sites",
                "GET Microsoft.Web/sites/{name}/config/web",
                "GET Microsoft.Sql/servers",
            ),
            passes="TLS 1.2 is the oldest version taken, and HTTPS the only way in.",
            warns="A setting is left to a default of the provider's that is safe.",
            fails="TLS 1.0, TLS 1.1 or plain HTTP is allowed.",
            judge=_azure,
        ),
        Procedure(
            integration=Integration.GCP,
            scope="resource",
            operations=(
                "compute.v1:sslPolicies.list",
                "compute.v1:targetHttpsProxies.list",
                "compute.v1:targetHttpProxies.list",
                "compute.v1:urlMaps.list",
                "compute.v1:sslCertificates.list",
                "sqladmin.v1:instances.list",
            ),
            passes=(
                "SSL policies and proxies take TLS 1.2 at least, plain HTTP is redirected, databases take encrypted"
                " connections only, and certificates last longer than warn_cert_days."
            ),
            warns=(
                "An SSL policy has the profile COMPATIBLE, a proxy answers plain HTTP without a redirect, or a"
                " certificate ends within warn_cert_days."
            ),
            fails=(
                "A policy, or a proxy that has none, takes TLS older than 1.2, a database plain connections, or a"
                " certificate ends within fail_cert_days."
            ),
            judge=_gcp,
            version=2,
        ),
        Procedure(
            integration=Integration.DIGITALOCEAN,
            scope="resource",
            operations=("GET /v2/load_balancers", "GET /v2/certificates"),
            passes="Plain HTTP is redirected, the cipher policy is STRONG, and certificates outlast warn_cert_days.",
            warns="The cipher policy is DEFAULT, or a certificate ends within warn_cert_days.",
            fails="Plain HTTP is taken without a redirect, or a certificate ends within fail_cert_days.",
            judge=_digitalocean,
        ),
    ),
)
