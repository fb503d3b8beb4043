"""Functions of Lambda: who may call them, what becomes of failed calls, and what is kept ready for them."""

from collections.abc import Mapping

from connectors.clouds.aws import fields, hiding, metrics
from connectors.reading.listing import Detail, Item, Listing, Place, at, first
from domain.facts.resource import ResourceKind

FUNCTION, CONCURRENCY = ResourceKind.AWS_LAMBDA_FUNCTION, ResourceKind.AWS_PROVISIONED_CONCURRENCY
NOT_SET = ("ResourceNotFoundException",)
ON_FUNCTION = fields.asks(FunctionName="FunctionName")


def _dimensions(item: Item, place: Place) -> Mapping[str, Mapping[str, str]]:
    """A version or alias is measured as FUNCTION:ALIAS, the end of its ARN."""
    name = place.parent["FunctionName"]
    return {"": {"FunctionName": name, "Resource": f"{name}:{item['FunctionArn'].rpartition(':')[2]}"}}


FUNCTION_DETAILS = (
    Detail(
        key="Policy",
        operation=fields.call("lambda.get_policy", "lambda:GetPolicy", absent=NOT_SET),
        arguments=ON_FUNCTION,
        pick=first("Policy"),
    ),
    Detail(
        key="EventInvokeConfig",
        operation=fields.call(
            "lambda.get_function_event_invoke_config", "lambda:GetFunctionEventInvokeConfig", absent=NOT_SET
        ),
        arguments=ON_FUNCTION,
    ),
    Detail(
        key="Tags",
        operation=fields.call("lambda.list_tags", "lambda:ListTags"),
        arguments=fields.asks(Resource="FunctionArn"),
        pick=first("Tags"),
    ),
)
PROVISIONED = Listing(
    operation=fields.call(
        "lambda.list_provisioned_concurrency_configs", "lambda:ListProvisionedConcurrencyConfigs", page_size=50
    ),
    arguments=fields.asks_parent(FunctionName="FunctionName"),
    items=at("ProvisionedConcurrencyConfigs"),
    kind=CONCURRENCY,
    parse=fields.resource(CONCURRENCY, "FunctionArn"),
    batches=(
        metrics.measured(
            "AWS/Lambda", _dimensions, metrics.Metric("ProvisionedConcurrencyUtilization", "Maximum"), days=14
        ),
    ),
)


LISTINGS = (
    Listing(
        operation=fields.call(
            "lambda.list_functions",
            "lambda:ListFunctions",
            # The environment of a function is where passwords end up.
            hidden=hiding.values_of("Variables"),
            page_size=50,
        ),
        items=at("Functions"),
        kind=FUNCTION,
        parse=fields.resource(FUNCTION, "FunctionArn", name="FunctionName"),
        details=FUNCTION_DETAILS,
        children=(PROVISIONED,),
        is_regional=True,
    ),
)
