"""Cloud SQL instances that run without use, or are larger than their work."""

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import Step
from domain.rules import gcp_example as example
from domain.rules.gcp_recommendation import KIND, NEEDS, SOURCE, is_active, must_target, observed, target, wanted
from domain.rules.gcp_step import sql_step
from domain.rules.rule import Observation, Rule, RuleContext, fires, quiet

IDLE_RECOMMENDER = "google.cloudsql.instance.IdleRecommender"
SIZE_RECOMMENDER = "google.cloudsql.instance.OverprovisionedRecommender"
DATABASE = ResourceKind.GCP_SQL_INSTANCE
PERMISSIONS = ("cloudsql.instances.get", "cloudsql.instances.update")


def is_idle(recommendation: Resource, context: RuleContext) -> Observation | None:
    """Fires while the instance that Google calls idle is switched on."""
    if not is_active(recommendation, IDLE_RECOMMENDER):
        return None
    database = target(recommendation, DATABASE, context, "gcp-sql-idle")
    if database is None or database.config.get("settings", {}).get("activationPolicy") != "ALWAYS":
        return None
    return observed(recommendation, f"Database {database.name} runs without use", activationPolicy="ALWAYS")


def stop(recommendation: Resource, context: RuleContext) -> tuple[Step, ...]:
    """Switched off; its storage and backups stay."""
    database = must_target(recommendation, DATABASE, context)
    if database.config.get("replicaNames") or database.config.get("instanceType") == "READ_REPLICA_INSTANCE":
        raise NoPlan(f"{database.name} has replicas or is one, and can then not be stopped.")
    back = sql_step("start", f"Start {database.name}.", database, {"activationPolicy": "ALWAYS"})
    says = f"Stop {database.name}. Its storage and its address stay billed."
    return (sql_step("stop", says, database, {"activationPolicy": "NEVER"}, undo=(back,)),)


def is_too_large(recommendation: Resource, context: RuleContext) -> Observation | None:
    """Fires while the instance has another tier than the recommended one."""
    if not is_active(recommendation, SIZE_RECOMMENDER):
        return None
    database = target(recommendation, DATABASE, context, "gcp-sql-rightsize")
    better = wanted(recommendation, "/settings/tier")
    present = database.config.get("settings", {}).get("tier") if database else None
    if database is None or not better or not present or present == better:
        return None
    return observed(
        recommendation, f"Database {database.name} is larger than its work", tier=present, recommended=better
    )


def resize(recommendation: Resource, context: RuleContext) -> tuple[Step, ...]:
    """Another tier; Cloud SQL restarts the instance by itself."""
    database = must_target(recommendation, DATABASE, context)
    present, better = database.config["settings"]["tier"], wanted(recommendation, "/settings/tier")
    back = sql_step("resize-back", f"Make {database.name} {present} again. It restarts.", database, {"tier": present})
    says = f"Make {database.name} {better}, from {present}. It restarts, which takes some minutes."
    return (sql_step("resize", says, database, {"tier": better}, undo=(back,)),)


ORDERS = example.sql()
REC_NAME = f"//sqladmin.googleapis.com/projects/{example.PROJECT}/instances/orders"
SMALLER = {"action": "replace", "path": "/settings/tier", "value": "db-custom-2-7680"}
STOP_IT = example.recommendation(IDLE_RECOMMENDER, REC_NAME, location="us-central1")
RESIZE_IT = example.recommendation(SIZE_RECOMMENDER, REC_NAME, location="us-central1", changes=(SMALLER,))

IDLE = Rule(
    id="gcp-sql-idle",
    title="Database runs without use",
    description="A database that nobody asks anything is billed as one that works. Stopped, it costs its storage only.",
    category=FindingCategory.FINOPS,
    severity=Severity.HIGH,
    risk=Risk.HIGH,
    applies_to=KIND,
    permissions=("recommender.cloudsqlIdleInstanceRecommendations.list", "cloudsql.instances.list"),
    source=SOURCE.format(IDLE_RECOMMENDER),
    blind_spots="Google looks at thirty days: a database for the work of a year's end looks unused.",
    needs=NEEDS,
    also_reads=(DATABASE,),
    check=is_idle,
    group="idle",
    remedy=Remedy(says="Stops the database.", plan=stop, reversible=Reversible.YES, permissions=PERMISSIONS),
    examples=(
        fires(STOP_IT, ORDERS),
        fires(STOP_IT, example.sql(replicaNames=["orders-2"])),
        quiet(STOP_IT, example.sql(settings={"activationPolicy": "NEVER"})),
        quiet(STOP_IT),
        quiet(RESIZE_IT, ORDERS),
    ),
)

TOO_LARGE = Rule(
    id="gcp-sql-rightsize",
    title="Database is larger than its work",
    description="Google has watched processor and memory and names a smaller tier that is large enough.",
    category=FindingCategory.FINOPS,
    severity=Severity.MEDIUM,
    risk=Risk.HIGH,
    applies_to=KIND,
    permissions=("recommender.cloudsqlOverprovisionedInstanceRecommendations.list", "cloudsql.instances.list"),
    source=SOURCE.format(SIZE_RECOMMENDER),
    blind_spots="Google looks at thirty days; how many connections a smaller tier allows is not weighed.",
    needs=NEEDS,
    also_reads=(DATABASE,),
    check=is_too_large,
    group="rightsizing",
    remedy=Remedy(
        says="Gives the database the recommended tier.",
        plan=resize,
        reversible=Reversible.YES,
        permissions=PERMISSIONS,
    ),
    examples=(
        fires(RESIZE_IT, ORDERS),
        quiet(RESIZE_IT, example.sql(settings={"tier": "db-custom-2-7680"})),
        quiet(RESIZE_IT),
        quiet(STOP_IT, ORDERS),
    ),
)
