"""Wake-ups that arrive, get lost, or are told of as a gap, as the test says."""

from live.bus import Heard


class FakeWakes:
    def __init__(self) -> None:
        self.watched: dict[str, Heard] = {}

    def watch(self, org_id: str, heard: Heard) -> None:
        self.watched[org_id] = heard

    def unwatch(self, org_id: str) -> None:
        self.watched.pop(org_id, None)

    def wake(self, org_id: str, seq: int) -> None:
        if heard := self.watched.get(org_id):
            heard(seq)

    def gap(self, org_id: str) -> None:
        if heard := self.watched.get(org_id):
            heard(None)
