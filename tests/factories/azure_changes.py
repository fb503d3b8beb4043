"""What there is in a subscription that a stand-in plays, and what the controls must then say of it.

One state for each verdict, and nothing beside it.
"""

from tests.factories import azure_changes_of_data as data
from tests.factories import azure_changes_of_machines as machines
from tests.factories import azure_changes_of_networks as networks
from tests.factories import azure_changes_of_people as people
from tests.factories import azure_changes_of_watchers as watchers
from tests.factories.azure_change import Change
from tests.fakes.azure_told import Says
from tests.fakes.scripted import Answered

CHANGES: tuple[Change, ...] = (*people.CHANGES, *networks.CHANGES, *data.CHANGES, *watchers.CHANGES, *machines.CHANGES)


def together(control_id: str) -> Says:
    """All states of a control in one, so that each of its calls is made; of what has the same id the last counts."""
    found: Says = {}
    for says in (one.says for one in CHANGES if one.control == control_id):
        for ending, told in says.items():
            if isinstance(told, list):
                found[ending] = list(
                    {str(one.get("id") or one): one for one in [*found.get(ending, []), *told]}.values()
                )
            elif not isinstance(told, Answered):
                found[ending] = told
    return found
