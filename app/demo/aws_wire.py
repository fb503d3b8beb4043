"""AWS's protocols by its own models: which operation a request asks for, and what answers and errors look like."""

import json
import re
from functools import cache
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs

from botocore.loaders import Loader
from botocore.validate import ParamValidator
from moto.core.model import OperationModel, ServiceModel
from moto.core.serialize import get_serializer_class

# The name in the signature, where it is not the client's name.
SIGNED_AS = {
    "elasticloadbalancing": "elbv2",
    "es": "opensearch",
    "elasticfilesystem": "efs",
    "monitoring": "cloudwatch",
    "tagging": "resourcegroupstaggingapi",
    "access-analyzer": "accessanalyzer",
    "servicequotas": "service-quotas",
    "sso": "sso-admin",
    "states": "stepfunctions",
}
# Asked for at another host, with the path of ListBuckets.
NEVER_MEANT = {"ListDirectoryBuckets"}
S3_CONTROL = "/v20180820/"
SCOPE_PARTS = 5


@cache
def model_of(service: str) -> ServiceModel:
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


def operation_of(environ: dict[str, Any]) -> str:
    """What a request asks for, such as ec2.DescribeVolumes; "" when it is signed for no service."""
    scope = environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")[2].partition(",")[0].split("/")
    # key/day/region/service/aws4_request
    signed_as, path = scope[3] if len(scope) == SCOPE_PARTS else "", str(environ["PATH_INFO"])
    service = "s3control" if signed_as == "s3" and path.startswith(S3_CONTROL) else SIGNED_AS.get(signed_as, signed_as)
    if not service:
        return ""
    if target := environ.get("HTTP_X_AMZ_TARGET"):
        return f"{service}.{str(target).rpartition('.')[2]}"
    if str(model_of(service).metadata["protocol"]).startswith("rest"):
        query = str(environ.get("QUERY_STRING", ""))
        return f"{service}.{action_of(service, environ['REQUEST_METHOD'], path, query)}"
    return f"{service}.{_named_in_form(environ)}"


def _named_in_form(environ: dict[str, Any]) -> str:
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = BytesIO(body)
    return str(body.decode(errors="replace").partition("Action=")[2].partition("&")[0])


def action_of(service: str, method: str, path: str, query: str) -> str:
    """The operation of a service whose requests say it by method and path; "" for none.

    Where several fit, the one that asks for most in the query and has the fewest blanks in its path.
    """
    asked = parse_qs(query, keep_blank_values=True)
    fitting = [
        (len(wanted), -pattern.count("("), name)
        for name, verb, pattern, wanted in _routes(service)
        if verb == method and re.fullmatch(pattern, path) and wanted <= set(asked)
    ]
    return max(fitting, default=(0, 0, ""))[2]


def answered(service: str, action: str, body: dict[str, Any]) -> tuple[bytes, dict[str, str]]:
    """An answer as AWS would send it. Raises ValueError when it does not fit AWS's own model."""
    operation = model_of(service).operation_model(action)
    report = ParamValidator().validate(body, operation.output_shape)
    if problem := report.generate_report():
        raise ValueError(problem)
    return _serialized(operation, body)


def refused(service: str, action: str, code: str, message: str = "Refused to order.") -> tuple[bytes, dict[str, str]]:
    """The body and headers of an error with this code."""
    protocol = str(model_of(service).metadata["protocol"])
    error = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    if "json" in protocol:
        body = json.dumps({"__type": code, "message": message})
        return body.encode(), {"Content-Type": "application/json", "x-amzn-ErrorType": code}
    if protocol == "ec2":
        error = f"<Response><Errors>{error}</Errors><RequestID>1</RequestID></Response>"
    elif service != "s3":
        error = f"<ErrorResponse>{error}<RequestId>1</RequestId></ErrorResponse>"
    return error.encode(), {"Content-Type": "text/xml"}


@cache
def _routes(service: str) -> tuple[tuple[str, str, str, frozenset[str]], ...]:
    model = model_of(service)
    found = []
    for name in sorted(set(model.operation_names) - NEVER_MEANT):
        http = model.operation_model(name).http
        path, _, query = str(http["requestUri"]).partition("?")
        pattern = re.sub(
            r"\\\{\w+\\\+\\\}|\\\{\w+\\\}", lambda m: "(.+)" if "+" in m[0] else "([^/]+)", re.escape(path)
        )
        found.append((name, http["method"], pattern + "/?", frozenset(parse_qs(query, keep_blank_values=True))))
    return tuple(found)


def _serialized(operation: OperationModel, body: dict[str, Any]) -> tuple[bytes, dict[str, str]]:
    service = operation.service_model
    serializer = get_serializer_class(service.service_name, str(service.metadata["protocol"]))
    made = serializer(operation_model=operation).serialize(body)
    text = made["body"]
    return text if isinstance(text, bytes) else text.encode(), dict(made["headers"])
