"""What belongs to an incident."""

from datetime import datetime
from typing import Any

import strawberry

import documents
from documents import AlertCategory
from domain.facts.severity import Severity
from schema.alert import Alert
from schema.finding import Finding
from schema.incident import Incident, IncidentLink, link_of
from schema.node import Node, derived, said, view
from schema.relation import related


@view(documents.IncidentMember, description="An alert or a finding in an incident: `alert` or `finding` is set.")
class IncidentMember(Node):
    at: datetime = said("When it happened; of a fault, when it was first seen.")
    category: AlertCategory = said("What it is about.")
    severity: Severity = said("How bad it is by itself.")
    title: str = said("What happened, in one line.")
    is_open: bool = said("Whether it is not resolved.")
    happened: bool = said("Whether it happened at a time; a fault that stands did not.")
    links: strawberry.Private[list[Any]]
    alert: Alert | None = related("alert_id", "The alert, where it is one.")
    finding: Finding | None = related("finding_id", "The finding, where no alert was made of it.")
    incident: Incident | None = related("incident_id", "The incident it belongs to.")

    @derived("The links by which it came to the incident.", reads=("links",), name="links")
    def told_links(self) -> list[IncidentLink]:
        return [link_of(stored) for stored in self.links or []]
