"""Projects that nobody uses, and how people sign in to the machines of a project."""

from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import Call, Look, Step
from domain.rules import gcp_example as example
from domain.rules.gcp_recommendation import KIND, NEEDS, SOURCE, changes, is_active, last, observed
from domain.rules.gcp_step import compute_step
from domain.rules.judgement import is_exempt
from domain.rules.rule import Observation, Rule, RuleContext, fires, quiet

RECOMMENDER = "google.resourcemanager.projectUtilization.Recommender"
PROJECT = ResourceKind.GCP_PROJECT
GET = Call(operation="cloudresourcemanager.projects.get")
OS_LOGIN, ON = "enable-oslogin", "TRUE"


def is_unattended(recommendation: Resource, context: RuleContext) -> Observation | None:
    """Fires while the project is in force."""
    if not is_active(recommendation, RECOMMENDER, "CLEANUP_PROJECT"):
        return None
    project = _project(recommendation, context)
    if project is None or project.config.get("state") != "ACTIVE" or is_exempt(project, "gcp-project-unattended"):
        return None
    return observed(recommendation, f"Project {project.name} is in no use", state="ACTIVE")


def delete(recommendation: Resource, context: RuleContext) -> tuple[Step, ...]:
    """The project is shut down; Google keeps it for thirty days."""
    project = _project(recommendation, context)
    if project is None:
        raise NoPlan("The project it names is not this one.")
    # Of one that is in force already, or deleted already, Google says FAILED_PRECONDITION; its state tells which.
    back = Step(
        name="undelete",
        says=f"Restore the project {project.name}.",
        call=Call(operation="cloudresourcemanager.projects.undelete"),
        gone=("FAILED_PRECONDITION",),
        wait=Look(call=GET, path="state", ready=("ACTIVE",)),
    )
    gone = Step(
        name="delete",
        says=f"Shut down the project {project.name} with everything in it. Google deletes it after thirty days.",
        call=Call(operation="cloudresourcemanager.projects.delete"),
        found=Look(call=GET, path="deleteTime"),
        wait=Look(call=GET, path="state", ready=("DELETE_REQUESTED",)),
        undo=(back,),
    )
    return (gone,)


def lacks_os_login(project: Resource, _: RuleContext) -> Observation | None:
    """Fires unless the metadata of the project ask for OS Login."""
    if "commonInstanceMetadata" not in (project.config.get("compute") or {}):
        return None
    present = _os_login(project)
    if str(present).upper() == ON:
        return None
    return Observation(
        reason=f"Machines of the project {project.name} take SSH keys out of metadata instead of asking who signs in.",
        observed={OS_LOGIN: present},
    )


def require_os_login(project: Resource, _: RuleContext) -> tuple[Step, ...]:
    """One more entry among the metadata of the project; the others stay."""
    former = _set(project, "restore", f"Set {OS_LOGIN} of the project as it was.", _os_login(project))
    says = (
        f"Set {OS_LOGIN} for all machines of {project.name}. Keys in metadata let nobody in any more: whoever signs in "
        "needs roles/compute.osLogin."
    )
    return (_set(project, "require", says, ON, undo=(former,)),)


def _project(recommendation: Resource, context: RuleContext) -> Resource | None:
    """The one project of the account, if it is the one that is meant: by number or by id."""
    named = {last(one.get("resource", "")) for one in changes(recommendation)}
    for project in context.every(PROJECT):
        if named & {last(project.config.get("name", "")), project.config.get("projectId")}:
            return project
    return None


def _os_login(project: Resource) -> str | None:
    items = project.config["compute"]["commonInstanceMetadata"].get("items") or []
    return next((one.get("value") for one in items if one.get("key") == OS_LOGIN), None)


def _set(project: Resource, name: str, says: str, value: str | None, undo: tuple[Step, ...] = ()) -> Step:
    arguments = {"change": {"items": {OS_LOGIN: value}}}
    return compute_step(name, says, "projects.setCommonInstanceMetadata", {}, arguments, undo=undo)


def _with(*items: dict[str, Any]) -> Resource:
    return example.project(compute={"commonInstanceMetadata": {"fingerprint": "f-1", "items": list(items)}})


CLEAN_UP = example.recommendation(
    RECOMMENDER,
    "//cloudresourcemanager.googleapis.com/projects/123456",
    recommenderSubtype="CLEANUP_PROJECT",
    location="global",
)
ELSEWHERE = CLEAN_UP.model_copy(update={"config": {**CLEAN_UP.config, "content": {}}})

UNATTENDED = Rule(
    id="gcp-project-unattended",
    title="Project is in no use",
    description="A project that nobody looks after costs money and is a way in that nobody watches.",
    category=FindingCategory.FINOPS,
    severity=Severity.MEDIUM,
    risk=Risk.HIGH,
    applies_to=KIND,
    permissions=("recommender.resourcemanagerProjectUtilizationRecommendations.list", "resourcemanager.projects.get"),
    source=SOURCE.format(RECOMMENDER),
    blind_spots="Google looks at thirty days of calls, traffic and sign-ins. A shut-down project is read no further.",
    needs=NEEDS,
    also_reads=(PROJECT,),
    check=is_unattended,
    group="idle",
    remedy=Remedy(
        says="Shuts the project down; it can be restored for thirty days.",
        plan=delete,
        reversible=Reversible.PARTLY,
        loses="After thirty days nothing comes back. Machines that were stopped stay so, and some services need to be "
        "set up again.",
        permissions=("resourcemanager.projects.delete", "resourcemanager.projects.undelete"),
    ),
    examples=(
        fires(CLEAN_UP, example.project()),
        quiet(CLEAN_UP, example.project(state="DELETE_REQUESTED")),
        quiet(ELSEWHERE, example.project()),
        quiet(CLEAN_UP),
        quiet(example.recommendation(RECOMMENDER, "", recommenderSubtype="RECLAIM_PROJECT"), example.project()),
    ),
)

NO_OS_LOGIN = Rule(
    id="gcp-os-login",
    title="Machines do not ask who signs in",
    description="With OS Login the right to sign in to machines follows a person's roles, and ends with them.",
    category=FindingCategory.SECOPS,
    severity=Severity.MEDIUM,
    risk=Risk.MEDIUM,
    applies_to=PROJECT,
    permissions=("compute.projects.get",),
    source="Compute Engine, projects.get (commonInstanceMetadata); CIS Google Cloud Foundation 4.4",
    blind_spots="A machine may turn it off for itself by its own metadata.",
    needs=("compute",),
    check=lacks_os_login,
    group="hardening",
    remedy=Remedy(
        says="Turns OS Login on for the project.",
        plan=require_os_login,
        reversible=Reversible.YES,
        permissions=(
            "compute.projects.setCommonInstanceMetadata",
            "iam.serviceAccounts.actAs",
            "compute.globalOperations.get",
        ),
    ),
    examples=(
        fires(_with()),
        fires(_with({"key": OS_LOGIN, "value": "FALSE"}, {"key": "ssh-keys", "value": "(hidden)"})),
        quiet(example.project()),
        quiet(_with({"key": OS_LOGIN, "value": "true"})),
    ),
)
