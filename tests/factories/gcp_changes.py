"""What a Google Cloud answers, and what the controls must then say of it: one change for each verdict."""

from tests.factories import gcp_changes_of_data as data
from tests.factories import gcp_changes_of_networks as networks
from tests.factories import gcp_changes_of_people as people
from tests.factories import gcp_changes_of_watchers as watchers

CHANGES = (*data.CHANGES, *networks.CHANGES, *people.CHANGES, *watchers.CHANGES)
