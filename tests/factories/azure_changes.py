"""What there is in a subscription that a stand-in plays, and what the controls must then say of it.

One state for each verdict, and nothing beside it.
"""

from tests.factories import azure_changes_of_data as data
from tests.factories import azure_changes_of_machines as machines
from tests.factories import azure_changes_of_networks as networks
from tests.factories import azure_changes_of_people as people
from tests.factories import azure_changes_of_watchers as watchers

CHANGES = (*people.CHANGES, *networks.CHANGES, *data.CHANGES, *watchers.CHANGES, *machines.CHANGES)
