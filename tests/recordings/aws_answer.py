"""AWS answers as the client library hands them over: written down by the API references, one file an operation.

Times are text in the files and become times here, wherever AWS's own model of the answer says that they are.
"""

import json
from pathlib import Path
from typing import Any

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel, Shape
from botocore.utils import parse_timestamp

FOLDER = Path(__file__).parent / "aws"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))


def recorded(name: str) -> dict[str, Any]:
    """The answer called service.Operation."""
    return dict(_typed(json.loads((FOLDER / f"{name}.json").read_text()), output_shape(name)))


def output_shape(name: str) -> Shape:
    return operation_model(name).output_shape


def operation_model(name: str) -> OperationModel:
    service, operation = name.split(".")
    return ServiceModel(Loader().load_service_model(service, "service-2"), service).operation_model(operation)


def _typed(value: Any, shape: Shape) -> Any:
    if shape.type_name == "structure":
        return {key: _typed(item, shape.members[key]) for key, item in value.items()}
    if shape.type_name == "list":
        return [_typed(item, shape.member) for item in value]
    return parse_timestamp(value) if shape.type_name == "timestamp" else value
