"""AWS's protocols by its own models: which operation a request asks for, and what answers and errors look like."""

import json
import re
from functools import cache
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


@cache
def model_of(service: str) -> ServiceModel:
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


def service_of(signed_as: str, path: str) -> str:
    """The client's name of a service."""
    if signed_as == "s3" and path.startswith(S3_CONTROL):
        return "s3control"
    return SIGNED_AS.get(signed_as, signed_as)


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
    """This answer as AWS would send it. It must fit AWS's own model."""
    operation = model_of(service).operation_model(action)
    report = ParamValidator().validate(body, operation.output_shape)
    assert report.generate_report() == "", report.generate_report()
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
