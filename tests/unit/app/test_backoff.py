"""When a child process that ended is started again."""

from datetime import timedelta

from app.processes.supervisor import Backoff, Child


def test_pause_doubles_up_to_the_longest() -> None:
    backoff = Backoff(first=timedelta(seconds=1), longest=timedelta(seconds=5))

    pauses = [backoff.wait_after(failures).total_seconds() for failures in (1, 2, 3, 4, 5)]

    assert pauses == [1, 2, 4, 5, 5]


def test_environment_of_a_child_is_not_shown() -> None:
    child = Child("web", ["python"], env={"MONGODB_URL": "mongodb://user:hunter2@db"})

    assert "hunter2" not in repr(child)
