"""What the policy of a project gives too much of, and what it has logged."""

from collections.abc import Iterator
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import MARK_TAG, TOKEN, Call, Look, Step
from domain.rules import gcp_example as example
from domain.rules.gcp_recommendation import KIND, NEEDS, SOURCE, changes, is_active, observed
from domain.rules.rule import Observation, Rule, RuleContext, fires, quiet

RECOMMENDER = "google.iam.policy.Recommender"
POLICY = ResourceKind.GCP_IAM_POLICY
PROJECT_TYPE = "cloudresourcemanager.googleapis.com/Project"
# Where a recommendation says which binding it means. Source: IAM, "Review and apply role recommendations".
BINDING = "/iamPolicy/bindings/*/"
OWNER = "roles/owner"
EVERYTHING, LOG_TYPES = "allServices", ("ADMIN_READ", "DATA_READ", "DATA_WRITE")
SET_POLICY = "cloudresourcemanager.projects.setIamPolicy"
RECOMMENDATIONS = "recommender.projects.locations.recommenders.recommendations"


def is_overgranted(recommendation: Resource, context: RuleContext) -> Observation | None:
    """Fires while the policy still gives what Google would take away."""
    if not is_active(recommendation, RECOMMENDER, "REMOVE_ROLE", "REPLACE_ROLE"):
        return None
    removed, added = _grants(recommendation, context)
    if not removed:
        return None
    members = " and ".join(sorted({one["member"] for one in removed}))
    roles = " and ".join(sorted({one["role"] for one in removed}))
    return observed(recommendation, f"{members} hardly uses {roles}", remove=removed, add=added)


def replace(recommendation: Resource, context: RuleContext) -> tuple[Step, ...]:
    """The policy without the role, or with the smaller one; then Google is told that it was done."""
    removed, added = _grants(recommendation, context)
    if not removed:
        raise NoPlan("The policy of the project gives nothing of what the recommendation would take away.")
    taken = {(one["role"], one["member"]) for one in removed}
    owners = {(OWNER, member) for one in _bindings(context) if one.get("role") == OWNER for member in one["members"]}
    if owners and owners <= taken:
        raise NoPlan("Nobody would own the project any more.")
    says = "; ".join(
        [f"take {one['role']} from {one['member']}" for one in removed]
        + [f"give {one['role']} to {one['member']}" for one in added]
    )
    back = _set("give-back", "Give back the roles as they were.", {"remove": added, "add": removed})
    change = _set("replace", f"In the policy of the project: {says}.", {"remove": removed, "add": added}, undo=(back,))
    return (change, _told(recommendation))


def lacks_logs(policy: Resource, _: RuleContext) -> Observation | None:
    """Fires where not every kind of access to data is logged for all services."""
    missing = _missing_logs(policy)
    if "bindings" not in policy.config or not missing:
        return None
    return Observation(
        reason=f"The policy {policy.native_id} has {' and '.join(missing)} of all services not logged.",
        observed={"missing": missing, "auditConfigs": policy.config.get("auditConfigs")},
    )


def log_access(policy: Resource, _: RuleContext) -> tuple[Step, ...]:
    """The missing kinds of logs; those that are there stay with their exemptions."""
    wanted = [{"service": EVERYTHING, "logTypes": _missing_logs(policy)}]
    back = _set("log-as-before", "Log what was logged before.", {"unlog": wanted})
    says = f"Log {' and '.join(wanted[0]['logTypes'])} of all services. Much more is logged then, and billed."
    return (_set("log", says, {"log": wanted}, undo=(back,)),)


def _grants(recommendation: Resource, context: RuleContext) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What it takes away of what is there, and what it gives that is not."""
    removed, added = [], []
    for one in changes(recommendation):
        if one.get("resourceType") != PROJECT_TYPE:
            continue
        filters, action = one.get("pathFilters") or {}, str(one.get("action")).lower()
        condition = _condition(filters.get(f"{BINDING}condition/expression") or "", context)
        given = filters.get(f"{BINDING}members/*") if action == "remove" else one.get("value")
        members = given if isinstance(given, list) else [given]
        grants = [{"role": filters.get(f"{BINDING}role"), "member": member, **condition} for member in members]
        if action == "remove":
            removed += [grant for grant in grants if _is_there(grant, context)]
        elif action == "add":
            added += [grant for grant in grants if not _is_there(grant, context)]
    return removed, added


def _condition(expression: str, context: RuleContext) -> dict[str, Any]:
    """The whole condition, of which the recommendation shows the expression only."""
    known = (one["condition"] for one in _bindings(context) if one.get("condition"))
    found = next((one for one in known if one.get("expression") == expression), {"expression": expression})
    return {"condition": found} if expression else {}


def _is_there(grant: dict[str, Any], context: RuleContext) -> bool:
    return any(
        one.get("role") == grant["role"]
        and one.get("condition") == grant.get("condition")
        and grant["member"] in one.get("members", ())
        for one in _bindings(context)
    )


def _bindings(context: RuleContext) -> Iterator[dict[str, Any]]:
    for policy in context.every(POLICY):
        yield from policy.config.get("bindings") or ()


def _missing_logs(policy: Resource) -> list[str]:
    configs = policy.config.get("auditConfigs") or ()
    logs = [log for one in configs if one.get("service") == EVERYTHING for log in one.get("auditLogConfigs") or ()]
    present = {log.get("logType") for log in logs}
    return [kind for kind in LOG_TYPES if kind not in present]


def _set(name: str, says: str, change: dict[str, Any], undo: tuple[Step, ...] = ()) -> Step:
    return Step(name=name, says=says, call=Call(operation=SET_POLICY, arguments={"change": change}), undo=undo)


def _told(recommendation: Resource) -> Step:
    """Marked by the step, so that a second try, which Google would refuse for the etag, sees the first."""
    name = recommendation.config["name"]
    metadata = {MARK_TAG: TOKEN}
    return Step(
        name="tell",
        says="Tell Google that its recommendation was followed.",
        call=Call(
            operation=f"{RECOMMENDATIONS}.markSucceeded",
            arguments={"name": name, "etag": recommendation.config.get("etag"), "stateMetadata": metadata},
        ),
        found=Look(
            call=Call(operation=f"{RECOMMENDATIONS}.get", arguments={"name": name}),
            path=f"stateInfo.stateMetadata.{MARK_TAG}",
        ),
    )


def _change(action: str, role: str, member: str, expression: str = "") -> dict[str, Any]:
    filters = {f"{BINDING}role": role, f"{BINDING}condition/expression": expression}
    if action == "remove":
        filters[f"{BINDING}members/*"] = member
    value = {"value": member} if action == "add" else {}
    return {"action": action, "resourceType": PROJECT_TYPE, "pathFilters": filters, **value}


def _recommended(*wanted: dict[str, Any], subtype: str = "REPLACE_ROLE") -> Resource:
    named = f"//cloudresourcemanager.googleapis.com/projects/{example.PROJECT}"
    return example.recommendation(
        RECOMMENDER, named, location="global", recommenderSubtype=subtype, changes=wanted, primaryImpact={}
    )


B = "user:b@shop.example"
SHORT = {"title": "short", "expression": "request.time < timestamp('2027-01-01T00:00:00Z')"}
TAKE, GIVE = _change("remove", "roles/editor", B), _change("add", "roles/viewer", B)
REPLACE_IT = _recommended({**TAKE, "action": "test"}, TAKE, GIVE)
ONE_OWNER = _change("remove", OWNER, "user:a@shop.example")
TEMPORARY = example.policy(bindings=[{"role": "roles/editor", "members": [B], "condition": SHORT}])

OVERGRANTED = Rule(
    id="gcp-iam-overgranted",
    title="Role gives more than is used",
    description="Rights that nobody uses help only those who should not have them.",
    category=FindingCategory.SECOPS,
    severity=Severity.HIGH,
    risk=Risk.HIGH,
    applies_to=KIND,
    permissions=("recommender.iamPolicyRecommendations.list", "resourcemanager.projects.getIamPolicy"),
    source=SOURCE.format(RECOMMENDER),
    blind_spots="Google looks at ninety days: what is used once a year looks unused. Roles on single resources and on "
    "folders are not judged.",
    needs=NEEDS,
    also_reads=(POLICY,),
    check=is_overgranted,
    group="identity",
    remedy=Remedy(
        says="Takes the role away or replaces it by a smaller one, and tells Google so.",
        plan=replace,
        reversible=Reversible.YES,
        permissions=(
            "resourcemanager.projects.setIamPolicy",
            "recommender.iamPolicyRecommendations.get",
            "recommender.iamPolicyRecommendations.update",
        ),
    ),
    examples=(
        fires(REPLACE_IT, example.policy()),
        fires(_recommended(_change("remove", "roles/editor", B, SHORT["expression"])), TEMPORARY),
        fires(_recommended(ONE_OWNER, subtype="REMOVE_ROLE"), example.policy()),
        quiet(REPLACE_IT, TEMPORARY),
        quiet(_recommended({**TAKE, "resourceType": "storage.googleapis.com/Bucket"}), example.policy()),
        quiet(_recommended(TAKE, subtype="REPLACE_ROLE_CUSTOMIZABLE"), example.policy()),
        quiet(REPLACE_IT),
    ),
)

UNLOGGED = Rule(
    id="gcp-audit-logs",
    title="Access to data is not logged",
    description="Without these logs nobody can tell after a theft what was read.",
    category=FindingCategory.SECOPS,
    severity=Severity.MEDIUM,
    risk=Risk.MEDIUM,
    applies_to=POLICY,
    permissions=("resourcemanager.projects.getIamPolicy",),
    source="Resource Manager, projects.getIamPolicy (auditConfigs); CIS Google Cloud Foundation 2.1",
    blind_spots="What folders and the organization have logged counts for the project too and is not read here. People "
    "who are exempt from a log are not judged.",
    needs=("bindings",),
    check=lacks_logs,
    group="logging",
    remedy=Remedy(
        says="Logs every kind of access to data of all services.",
        plan=log_access,
        reversible=Reversible.YES,
        permissions=("resourcemanager.projects.setIamPolicy",),
    ),
    examples=(
        fires(example.policy(auditConfigs=[])),
        fires(
            example.policy(auditConfigs=[{"service": EVERYTHING, "auditLogConfigs": [{"logType": "ADMIN_READ"}]}]),
        ),
        quiet(example.policy()),
    ),
)
