"""The officials and firms of the tests."""

from models.values.actor import Actor, Role


def actor(role: Role, name: str = "") -> Actor:
    """An official of the test: the id is the role unless a name is given."""
    return Actor(id=name or role.value, role=role, label=name or role.value, place="d")


COMMITTEE = actor(Role.OWNERS_COMMITTEE)
STREET = actor(Role.STREET_OFFICE)
BUREAU = actor(Role.DISTRICT_BUREAU)
CONTRACTOR = actor(Role.CONTRACTOR, "b1")
SUPERVISOR = actor(Role.SUPERVISOR, "s1")
OTHER_SUPERVISOR = actor(Role.SUPERVISOR, "s2")
BANK = actor(Role.PAYMENT_PROVIDER)
CHIEF = actor(Role.CHIEF_SUPERVISOR)
EVALUATOR = actor(Role.EVALUATOR)
