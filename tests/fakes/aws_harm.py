"""One operation of AWS harmed on the wire in every way, and what a survey then says."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from connectors.clouds.aws import registration
from connectors.reading.listing import Listing, Operation, Place
from connectors.reading.source import Source
from connectors.reading.survey import Survey
from domain.facts.inventory import GapCause
from domain.facts.resource import ResourceKind
from tests.fakes.aws import Moto, credentials
from tests.fakes.collecting import NOW, Collected, reach

WEB_PAGE = b"<html><body>Welcome</body></html>"


def refuse(moto: Moto, operation: str) -> None:
    moto.fail(operation, 403, "UnauthorizedOperation" if operation.startswith("ec2.") else "AccessDenied")


def throttle(moto: Moto, operation: str) -> None:
    moto.fail(operation, 400, "Throttling")


def break_down(moto: Moto, operation: str) -> None:
    moto.fail(operation, 500, "InternalError")


def garble(moto: Moto, operation: str) -> None:
    moto.garble(operation, WEB_PAGE, {"Content-Type": "text/html"})


def cut_short(moto: Moto, operation: str) -> None:
    moto.cut_short(operation)


# A body that breaks off is an answer that did not come.
FAULTS: tuple[tuple[Callable[[Moto, str], None], GapCause], ...] = (
    (refuse, GapCause.PERMISSION),
    (throttle, GapCause.THROTTLED),
    (break_down, GapCause.UNAVAILABLE),
    (garble, GapCause.MISSHAPEN),
    (cut_short, GapCause.UNAVAILABLE),
)


async def check_every_fault(moto: Moto, operation: Operation) -> None:
    """Holds that a harmed operation is a gap of the right cause, never an empty list and never a detail not set."""
    async with registration.REGISTRATION.open(credentials(moto.url), reach()) as source:
        await _check(moto, operation, source)


async def _check(moto: Moto, operation: Operation, source: Source) -> None:
    listings = leading_to(operation.name)
    # Whose the credentials are is known by now, so that a call that tells it can fail as a list too.
    place = Place(account_id=(await source.identity()).native_id, region=None, now=NOW)
    healthy = Collected()
    whole = await Survey(source, healthy, place).read(listings)
    assert whole.gaps == ()
    assert whole.answered.get(operation.name), "there is nothing it would be asked about"
    hidden = {kind for listing in listings for kind in hidden_by(listing, operation.name)}
    for harm, cause in FAULTS:
        with harmed(moto, harm, operation.name):
            left = Collected()
            report = await Survey(source, left, place).read(listings)

        assert {(gap.operation, gap.cause) for gap in report.gaps} == {(operation.name, cause)}, harm.__name__
        if cause is GapCause.PERMISSION:
            assert {gap.missing for gap in report.gaps} == {", ".join(operation.permissions)}
        assert not {kind for kind, _ in report.complete} & hidden, harm.__name__
        assert {one.native_id for one in left.found} <= {one.native_id for one in healthy.found}, harm.__name__
        if any(tells_of_none(one, operation.name) for one in listings):
            assert operation.name not in {raw.operation for raw in left.answers}, harm.__name__
        elif not hidden and healthy.found:
            assert _keys(healthy) > _keys(left) or any(one.unread for one in left.found), harm.__name__


@contextmanager
def harmed(moto: Moto, harm: Callable[[Moto, str], None], name: str) -> Iterator[None]:
    """The operation fails as long as this is open."""
    said = dict(moto.wire)
    harm(moto, _on_the_wire(moto, name))
    try:
        yield
    finally:
        moto.cut.clear()
        moto.wire.clear()
        moto.wire.update(said)


def leading_to(name: str) -> list[Listing]:
    """The listings that make this call, without the other calls they make."""
    return [found for one in registration.REGISTRATION.listings if (found := _narrowed(one, name))]


def hidden_by(listing: Listing, name: str) -> set[ResourceKind]:
    """The kinds that are not listed when this call fails; none where it only tells a detail."""
    if listing.operation.name == name:
        return set(listing.kinds)
    return {kind for child in listing.children for kind in hidden_by(child, name)}


def tells_of_none(listing: Listing, name: str) -> bool:
    """Whether this call is made for a list of no resources, such as one of findings, which are kept as evidence."""
    if name in {one.operation.name for one in (listing, *listing.details, *listing.batches)}:
        return listing.parse is None
    return any(tells_of_none(child, name) for child in listing.children)


def _narrowed(listing: Listing, name: str) -> Listing | None:
    if listing.operation.name == name:
        return replace(listing, details=(), batches=(), children=())
    details = tuple(one for one in listing.details if one.operation.name == name)
    batches = tuple(one for one in listing.batches if one.operation.name == name)
    children = tuple(found for one in listing.children if (found := _narrowed(one, name)))
    if details or batches or children:
        return replace(listing, details=details, batches=batches, children=children)
    return None


def _on_the_wire(moto: Moto, name: str) -> str:
    """ec2.describe_volumes as it stands on the wire: ec2.DescribeVolumes."""
    service, _, method = name.partition(".")
    return f"{service}.{moto.client(service).meta.method_to_api_mapping[method]}"


def _keys(collected: Collected) -> set[tuple[str, str]]:
    """What is known of which resource; tags are known by their own."""
    found = {(one.native_id, key) for one in collected.found for key in one.config}
    return found | {(one.native_id, f"tag {tag}") for one in collected.found for tag in one.tags}
