"""Which billing account pays for the project, and its budgets."""

from connectors.clouds.gcp import calling, parsing, recommender
from connectors.reading.listing import Arguments, Item, Listing, Place, at
from domain.facts.resource import ResourceKind

BILLING = "cloudbilling.googleapis.com"
BUDGETS = "billingbudgets.googleapis.com"


def _pays(item: Item, _: Place) -> bool:
    return bool(item.get("billingAccountName"))


def _account(item: Item, _: Place) -> str:
    return f"//cloudbilling.googleapis.com/{item['billingAccountName']}"


def _under_account(place: Place) -> Arguments:
    return {"parent": place.parent["billingAccountName"]}


LISTINGS = (
    Listing(
        operation=calling.call(
            "cloudbilling.v1:projects.getBillingInfo",
            BILLING,
            "GET /v1/projects/{project}/billingInfo",
            "resourcemanager.projects.get",
        ),
        items=parsing.itself,
        kind=ResourceKind.GCP_BILLING_ACCOUNT,
        parse=parsing.resources(ResourceKind.GCP_BILLING_ACCOUNT, _account),
        keeps=_pays,
        children=(
            Listing(
                operation=calling.call(
                    "billingbudgets.v1:billingAccounts.budgets.list",
                    BUDGETS,
                    "GET /v1/{+parent}/budgets",
                    "billing.budgets.list",
                ),
                items=at("budgets"),
                kind=ResourceKind.GCP_BUDGET,
                parse=parsing.named(ResourceKind.GCP_BUDGET, BUDGETS),
                arguments=_under_account,
            ),
            recommender.SPEND,
        ),
    ),
)
