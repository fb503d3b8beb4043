"""Steps in Google Cloud: where a resource lies, and how what takes its time is waited for. No rules here."""

from collections.abc import Mapping
from typing import Any

from domain.facts.resource import Resource
from domain.remediation.step import Call, Look, Step, answer

NOT_FOUND = ("404",)
DONE = ("DONE",)


def parts(resource: Resource) -> list[str]:
    """The parts of its name behind the project: zones, the zone, instances, the instance."""
    return resource.native_id.removeprefix("//").split("/")[3:]


def scope(resource: Resource) -> dict[str, str]:
    """The arguments that say where something of Compute Engine lies: its zone, its region, or none."""
    where, place, *_ = parts(resource)
    return {"zones": {"zone": place}, "regions": {"region": place}}.get(where, {})


def compute_step(
    name: str,
    says: str,
    operation: str,
    where: Mapping[str, str],
    arguments: Mapping[str, Any],
    *,
    undo: tuple[Step, ...] = (),
    gone: tuple[str, ...] = (),
) -> Step:
    """A call of Compute Engine that is made when the operation it answers with is done."""
    return Step(
        name=name,
        says=says,
        call=Call(operation=f"compute.{operation}", arguments={**where, **arguments}),
        wait=_done(name, where),
        gone=gone,
        undo=undo,
    )


def made_step(
    name: str,
    says: str,
    operation: str,
    where: Mapping[str, str],
    body: Mapping[str, Any],
    listed: tuple[str, Mapping[str, str]],
    ready: tuple[str, ...] = (),
    failed: tuple[str, ...] = (),
    undo: tuple[Step, ...] = (),
) -> Step:
    """A call of Compute Engine that makes something, known by the name it is given.

    `listed` is the list it is looked for in and where that is asked. With `ready` it is made when its own status is
    among these, not when the operation is done: a second try finds the thing and has no operation.
    """
    given = body.get("name") or body["change"]["name"]
    found = Look(
        call=Call(operation=f"compute.{listed[0]}", arguments={**listed[1], "filter": f"name = {given}"}),
        path="items.0",
    )
    wait = found.model_copy(update={"path": "items.0.status", "ready": ready, "failed": failed})
    if not ready:
        # Things without a status of their own are there as soon as they are listed.
        wait = found.model_copy(update={"path": "items.0.name", "ready": (given,)})
    return Step(
        name=name,
        says=says,
        call=Call(operation=f"compute.{operation}", arguments={**where, **body}),
        found=found,
        wait=wait,
        undo=undo,
    )


def sql_step(name: str, says: str, instance: Resource, body: Mapping[str, Any], undo: tuple[Step, ...] = ()) -> Step:
    """A change of settings of a Cloud SQL instance; what is not named stays. Source: Cloud SQL, instances.patch."""
    look = Call(operation="sql.operations.get", arguments={"operation": answer(name, "name")})
    return Step(
        name=name,
        says=says,
        call=Call(operation="sql.instances.patch", arguments={"instance": instance.config["name"], "settings": body}),
        wait=Look(call=look, path="status", ready=DONE),
        undo=undo,
    )


def bucket_step(name: str, says: str, bucket: Resource, body: Mapping[str, Any], undo: tuple[Step, ...] = ()) -> Step:
    """A change of a bucket; what is not named stays. Source: Cloud Storage, buckets.patch."""
    arguments = {"bucket": bucket.config["name"], **body}
    return Step(name=name, says=says, call=Call(operation="storage.buckets.patch", arguments=arguments), undo=undo)


def _done(name: str, where: Mapping[str, str]) -> Look:
    noun = "zone" if "zone" in where else "region" if "region" in where else "global"
    arguments = {key: where[key] for key in ("zone", "region") if key in where}
    look = Call(operation=f"compute.{noun}Operations.get", arguments={**arguments, "operation": answer(name, "name")})
    return Look(call=look, path="status", ready=DONE)
