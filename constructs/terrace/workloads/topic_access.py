"""Who may do what with topics of Kafka: its users, from what modules declare and from the environment's `access`.

A user is the common name of a client's certificate. Kafka knows no groups of people: a group is a user, and people
write no data.
"""

from typing import Literal, TypedDict

from terrace.capabilities.data_access import word
from terrace.capabilities.spec import Access
from terrace.environment import data_access
from terrace.environment.schema import Environment

Names = tuple[Literal["literal", "prefix"], str]
"""A name, or the beginning of names."""


class User(TypedDict):
    """A user with its rights on topics, and the names that its groups of consumers and its transactions have."""

    name: str
    topics: list[tuple[str, Access]]
    groups: list[Names]
    transactions: list[Names]


def users(environment: Environment) -> list[User]:
    """The modules and the groups of people that may do something with topics."""
    found = []
    for module in environment.enabled_modules.values():
        if topics := environment.topic_access(module):
            own: list[Names] = [("literal", module.name), ("prefix", f"{module.name}.")]  # no module's name has a dot
            found.append(User(name=module.name, topics=sorted(topics.items()), groups=own, transactions=own))
    for group, names in data_access.topics(environment).items():
        name = user_of(group)
        read: list[tuple[str, Access]] = [(one, "read") for one in names]
        # the slash keeps them apart from those of a module called `people`
        found.append(User(name=name, topics=read, groups=[("prefix", f"{name}/")], transactions=[]))
    return found


def user_of(group: str) -> str:
    """The user of a group of people; no name of a module contains a dot."""
    return f"people.{word(group)}"
