"""Who may do what, as a few dictionaries: what the graph is compared with. It shares nothing with it but the table."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from auth.permission import PERMISSIONS_OF, PROVIDER_ONLY
from documents import Role

MSP, CLIENT = "msp", "client"
ORGANIZATIONS = (MSP, CLIENT)
PEOPLE = ("boss", "chief", "ada", "grace", "joan")
ADMINS = {Role.ADMIN, Role.MSP_ADMIN}
Held = frozenset[str]


def of_role(role: Role) -> Held:
    return frozenset(permission.value for permission in PERMISSIONS_OF[role])


@dataclass(frozen=True)
class Place:
    """What a person has in an organization."""

    role: Role
    custom: str | None = None
    is_active: bool = True


@dataclass(frozen=True)
class Offer:
    place: Place
    by: str


@dataclass
class Rights:
    """Each verb changes the model and says True, or leaves it alone and says False when it is to be refused."""

    places: dict[tuple[str, str], Place] = field(default_factory=dict)
    roles: dict[tuple[str, str], Held] = field(default_factory=dict)
    offers: dict[tuple[str, str], Offer] = field(default_factory=dict)
    at_work: set[str] = field(default_factory=set)

    def worth(self, org: str, place: Place) -> Held:
        """What a place gives while it is in force."""
        return of_role(place.role) if place.custom is None else self.roles[org, place.custom]

    def held(self, person: str, org: str) -> Held | None:
        """What the person may do there; None where they are nobody."""
        place = self.places.get((person, org))
        if place is not None and place.is_active:
            return self.worth(org, place)
        return of_role(Role.ADMIN) if self.is_visiting(person, org) else None

    def is_visiting(self, person: str, org: str) -> bool:
        at_home = self.places.get((person, MSP))
        manages = at_home is not None and at_home.is_active and at_home.role is Role.MSP_ADMIN
        return org == CLIENT and person in self.at_work and manages

    def says(self, person: str, org: str, permission: str) -> str | None:
        """The code a question about the organization is refused with; None when it is answered."""
        if not any(permission in (self.held(person, one) or ()) for one in ORGANIZATIONS):
            return "FORBIDDEN"
        held = self.held(person, org)
        return "NOT_FOUND" if held is None else None if permission in held else "FORBIDDEN"

    def may(self, actor: str, org: str, permission: str, *, give: Iterable[str] = ()) -> bool:
        """Whether the actor holds the permission, and everything they would give or take."""
        held = self.held(actor, org) or frozenset()
        return permission in held and held >= set(give)

    def fits(self, org: str, place: Place) -> bool:
        if place.role is Role.AUDITOR:  # they come for a time, by an invitation of their own
            return False
        return (place.role is not Role.MSP_ADMIN or org == MSP) and (place.custom is None or place.role not in ADMINS)

    def leaves_an_admin(self, org: str, person: str, after: Place | None) -> bool:
        before = self.places[person, org]
        if not (before.is_active and before.role in ADMINS):
            return True
        places = {who: place for (who, where), place in self.places.items() if where == org and who != person}
        if after is not None:
            places[person] = after
        return any(place.is_active and place.role in ADMINS for place in places.values())

    def _lessen(self, org: str, person: str) -> None:
        if org == MSP:
            self.at_work.discard(person)
        for key in [key for key, offer in self.offers.items() if key[1] == org and offer.by == person]:
            del self.offers[key]

    def set_place(self, actor: str, org: str, person: str, after: Place) -> bool:
        before = self.places[person, org]
        if not self.fits(org, after):
            return False
        give = self.worth(org, before) | self.worth(org, after)
        if not self.may(actor, org, "members:manage", give=give) or not self.leaves_an_admin(org, person, after):
            return False
        is_less = bool(self.worth(org, before) - self.worth(org, after)) or not after.is_active
        self.places[person, org] = after
        if is_less:
            self._lessen(org, person)
        return True

    def change_role(self, actor: str, org: str, person: str, role: Role, custom: str | None) -> bool:
        return self.set_place(actor, org, person, replace(self.places[person, org], role=role, custom=custom))

    def activate(self, actor: str, org: str, person: str, *, is_active: bool) -> bool:
        return self.set_place(actor, org, person, replace(self.places[person, org], is_active=is_active))

    def remove(self, actor: str, org: str, person: str) -> bool:
        give = self.worth(org, self.places[person, org])
        if not self.may(actor, org, "members:manage", give=give) or not self.leaves_an_admin(org, person, None):
            return False
        del self.places[person, org]
        self._lessen(org, person)
        return True

    def invite(self, actor: str, org: str, person: str, place: Place) -> bool:
        if not self.fits(org, place) or not self.may(actor, org, "members:manage", give=self.worth(org, place)):
            return False
        visits_itself = actor == person and (actor, org) not in self.places
        knows_them = (person, org) in self.places and self.may(actor, org, "members:read")
        if visits_itself or knows_them or (person, org) in self.offers:
            return False
        self.offers[person, org] = Offer(place, actor)
        return True

    def accept(self, org: str, person: str) -> None:
        offer = self.offers.pop((person, org))
        self.places.setdefault((person, org), offer.place)

    def set_custom(self, actor: str, org: str, name: str, permissions: Held) -> bool:
        give = permissions | self.roles.get((org, name), frozenset())
        allowed = org == MSP or not permissions & {permission.value for permission in PROVIDER_ONLY}
        if not allowed or not self.may(actor, org, "roles:manage", give=give):
            return False
        self.roles[org, name] = permissions
        return True

    def drop_custom(self, actor: str, org: str, name: str) -> bool:
        held = any(place.custom == name for (_, where), place in self.places.items() if where == org)
        offered = any(offer.place.custom == name for (_, where), offer in self.offers.items() if where == org)
        if held or offered or not self.may(actor, org, "roles:manage", give=self.roles[org, name]):
            return False
        del self.roles[org, name]
        return True

    def enter(self, actor: str) -> bool:
        if not self.may(actor, MSP, "clients:enter"):
            return False
        self.at_work.add(actor)
        return True

    def leave(self, actor: str) -> bool:
        if not self.may(actor, MSP, "clients:enter") or actor not in self.at_work:
            return False
        self.at_work.discard(actor)
        return True
