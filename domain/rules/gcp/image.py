"""Images of one's own that nothing is made from."""

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import Remedy, Reversible
from domain.remediation.step import Step
from domain.rules import gcp_example as example
from domain.rules.gcp_recommendation import KIND, NEEDS, SOURCE, is_active, must_target, observed, target
from domain.rules.gcp_step import compute_step
from domain.rules.rule import Observation, Rule, RuleContext, fires, quiet

RECOMMENDER = "google.compute.image.IdleResourceRecommender"
IMAGE = ResourceKind.GCP_IMAGE
# Nothing can be made from an image in these states. Source: Compute Engine, images.deprecate.
OUT_OF_USE = ("OBSOLETE", "DELETED")


def is_unused(recommendation: Resource, context: RuleContext) -> Observation | None:
    """Fires while the image can still be used."""
    if not is_active(recommendation, RECOMMENDER):
        return None
    image = target(recommendation, IMAGE, context, "gcp-image-idle")
    if image is None or _status(image).get("state") in OUT_OF_USE:
        return None
    return observed(recommendation, f"Nothing is made from the image {image.name}", deprecated=_status(image))


def make_obsolete(recommendation: Resource, context: RuleContext) -> tuple[Step, ...]:
    """The image stays, and nothing new can be made from it. An empty status takes the old one away."""
    image = must_target(recommendation, IMAGE, context)
    back = compute_step(
        "restore",
        f"Let {image.name} be used as before.",
        "images.deprecate",
        {},
        {"image": image.name, **_status(image)},
    )
    says = f"Mark the image {image.name} as obsolete, so that nothing new is made from it. It stays and stays billed."
    arguments = {"image": image.name, "state": "OBSOLETE"}
    return (compute_step("mark", says, "images.deprecate", {}, arguments, undo=(back,)),)


def _status(image: Resource) -> dict[str, str]:
    return image.config.get("deprecated") or {}


def _image(**config: object) -> Resource:
    made = example.compute(IMAGE, "global/images/golden-2024")
    return made.model_copy(update={"config": {**made.config, **config}})


MARK_IT = example.recommendation(RECOMMENDER, _image().native_id, location="global")

UNUSED = Rule(
    id="gcp-image-idle",
    title="Nothing is made from an image",
    description="Images of one's own are billed until somebody deletes them.",
    category=FindingCategory.FINOPS,
    severity=Severity.LOW,
    risk=Risk.MEDIUM,
    applies_to=KIND,
    permissions=("recommender.computeImageIdleResourceRecommendations.list", "compute.images.list"),
    source=SOURCE.format(RECOMMENDER),
    blind_spots="The saving is reached only when the image is deleted as well, which a person decides once nobody has "
    "missed it. Whether other projects use the image is seen by Google only in part.",
    needs=NEEDS,
    also_reads=(IMAGE,),
    check=is_unused,
    group="snapshot",
    remedy=Remedy(
        says="Marks the image as obsolete, as the first step before it is deleted.",
        plan=make_obsolete,
        reversible=Reversible.YES,
        permissions=("compute.images.deprecate", "compute.globalOperations.get"),
    ),
    examples=(
        fires(MARK_IT, _image()),
        fires(MARK_IT, _image(deprecated={"state": "DEPRECATED", "replacement": "global/images/golden-2025"})),
        quiet(MARK_IT, _image(deprecated={"state": "OBSOLETE"})),
        quiet(MARK_IT),
        quiet(example.recommendation("google.other", _image().native_id), _image()),
    ),
)
