"""What is changed in a DigitalOcean team, and what the controls must then say of it.

One change for each verdict; the team has nothing before. It is judged at NOW, or `later`.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

from domain.facts.compliance import Verdict
from tests.factories import digitalocean_changes_of_data as data
from tests.factories import digitalocean_changes_of_networks as networks
from tests.factories import digitalocean_changes_of_watchers as watchers
from tests.factories.digitalocean_things import Team


class Changed(NamedTuple):
    """`make` is the change, and gives what it is about by the name that the control has for it.

    The control must then say `verdict` of that, for what it has `observed`.
    """

    control: str
    verdict: Verdict
    make: Callable[[Team], str]
    observed: str
    later: timedelta = timedelta()


CHANGES = tuple(Changed(*row) for row in (*data.ROWS, *networks.ROWS, *watchers.ROWS))
