"""A stand-in for a subscription of Azure and its directory, which are empty but for what a test tells.

Requests, and answers where the shared description of Azure has the call, are held against that description.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connectors.reading.listing import Operation
from tests.fakes.azure import AAD_PREMIUM, ITSELF, TENANT, operation_of, refused, values
from tests.fakes.described import described
from tests.fakes.scripted import Answered, Asked, Scripted, scripted

# What is answered, by what the path ends with: a list by its items, an object, or a whole answer such as a refusal. The
# longest ending that fits wins. Rows of Resource Graph are told by the table that is asked for.
Says = dict[str, Any]
RESOURCE_GRAPH = "/providers/Microsoft.ResourceGraph/resources"
# Some descriptions want a link on each page; the last one has none.
LAST_PAGE = "$: 'nextLink' is a required property"
JOBS_SINCE = re.compile(r"startTime eq '([^']*)'")
WEST = {"name": "westeurope", "displayName": "West Europe", "metadata": {"regionType": "Physical"}}
SCANNING = {"onUpload": {"isEnabled": False, "capGBPerMonth": -1}}
# What a subscription answers about what nobody has set, by operation; all other lists are empty.
UNTOLD: dict[str, Any] = {
    "GET /subscriptions/{subscriptionId}": ITSELF,
    "GET /subscriptions": [ITSELF],
    "GET /subscriptions/{subscriptionId}/locations": [WEST],
    "GET Microsoft.Compute/virtualMachines/{vmName}/instanceView": {"statuses": [{"code": "PowerState/running"}]},
    "GET Microsoft.Storage/storageAccounts/managementPolicies": refused("ManagementPolicyNotFound", status=404),
    "GET Microsoft.Storage/storageAccounts/blobServices": {"properties": {"deleteRetentionPolicy": {"enabled": False}}},
    "GET Microsoft.Security/defenderForStorageSettings": {
        "properties": {"isEnabled": False, "malwareScanning": SCANNING}
    },
    "GET Microsoft.Sql/servers/{serverName}/auditingSettings/{blobAuditingPolicyName}": {
        "properties": {"state": "Disabled", "storageEndpoint": "", "retentionDays": 0}
    },
    "GET Microsoft.Sql/servers/databases/transparentDataEncryption": {"properties": {"state": "Enabled"}},
    "GET Microsoft.Sql/servers/databases/backupShortTermRetentionPolicies": {
        "properties": {"retentionDays": 7, "diffBackupIntervalInHours": 12}
    },
    "GET Microsoft.Web/sites/{name}/config/web": {"properties": {"minTlsVersion": "1.2", "ftpsState": "FtpsOnly"}},
    "GRAPH GET /v1.0/policies/identitySecurityDefaultsEnforcementPolicy": {
        "id": "00000000-0000-0000-0000-000000000005",
        "displayName": "Security Defaults",
        "isEnabled": False,
    },
    "GRAPH GET /v1.0/organization": [
        {"id": TENANT, "assignedPlans": [{"servicePlanId": AAD_PREMIUM, "capabilityStatus": "Enabled"}]}
    ],
}


@dataclass
class Told:
    """The script of a server. `says` is what a test tells of; `problems` are what breaks the description.

    Calls of the operation that is `denied` are refused; `refusals` counts them.
    """

    description: Path
    operations: tuple[Operation, ...]
    says: Says = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    denied: str = ""
    refusals: int = 0

    @contextmanager
    def served(self) -> Iterator[Scripted]:
        """The server, while the block runs."""
        with scripted(self) as server:
            yield server

    def tell(self, says: Says, denied: str = "") -> None:
        """From here on there is this, and nothing else."""
        self.says, self.problems, self.denied, self.refusals = says, [], denied, 0

    def __call__(self, asked: Asked) -> Answered:
        if asked.path == f"/{TENANT}/oauth2/v2.0/token":
            return Answered({"access_token": "t1", "expires_in": 3599, "token_type": "Bearer"})
        name = operation_of(f"{asked.method} {asked.path}", self.operations)
        if name == self.denied:
            self.refusals += 1
            return refused("AuthorizationFailed")
        answered = _answered(asked, _as_asked(asked, self._told(asked, name)))
        self._hold(asked, answered)
        return answered

    def _told(self, asked: Asked, name: str) -> Any:
        if asked.path == RESOURCE_GRAPH:
            return self.says.get(asked.json["query"].partition(" ")[0], [])
        ending = max((one for one in self.says if asked.path.endswith(f"/{one}")), key=len, default=None)
        if ending is not None:
            return self.says[ending]
        return UNTOLD.get(name, [])

    def _hold(self, asked: Asked, answered: Answered) -> None:
        book, body = described(self.description), asked.json if asked.text else None
        if not book.knows(asked.method, asked.path):
            return
        found = book.problems(asked.method, asked.path, asked.query, body)
        # What rows look like hangs on the question; the description only knows another format than the one asked for.
        if answered.status == 200 and asked.path != RESOURCE_GRAPH:
            found += [
                one for one in book.answer_problems(asked.method, asked.path, 200, answered.body) if one != LAST_PAGE
            ]
        self.problems += [f"{asked.method} {asked.path}: {one}" for one in found]


def _as_asked(asked: Asked, told: Any) -> Any:
    """Graph gives of the things on a list only the fields that are selected and the relations that are expanded.

    Of the jobs of a vault Azure gives those that began in the time that is asked for.
    """
    if asked.path.endswith("/backupJobs"):
        (since,) = JOBS_SINCE.findall(asked.query["$filter"][0])
        first = datetime.strptime(since, "%Y-%m-%d %I:%M:%S %p").replace(tzinfo=UTC)
        return [one for one in told if datetime.fromisoformat(one["properties"]["startTime"]) >= first]
    if "$select" not in asked.query or not isinstance(told, list):
        return told
    named = (asked.query[option][0] for option in ("$select", "$expand") if option in asked.query)
    wanted = {name for names in named for name in names.split(",")}
    return [{key: value for key, value in one.items() if key in wanted} for one in told]


def _answered(asked: Asked, told: Any) -> Answered:
    """As Azure wraps it: lists in a page, and each object with its own id."""
    if isinstance(told, Answered):
        return told
    if asked.path == RESOURCE_GRAPH:
        rows = {"totalRecords": len(told), "count": len(told), "resultTruncated": "false", "facets": []}
        return Answered({**rows, "data": told})
    if isinstance(told, list):
        return Answered(values(*told))
    return Answered({"id": asked.path, "name": asked.path.rpartition("/")[2], **told})
