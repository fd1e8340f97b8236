"""The base of every table: how Python types become columns and how constraints are named."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from sqlalchemy import (
    BigInteger,
    BindParameter,
    CheckConstraint,
    DateTime,
    ForeignKeyConstraint,
    MetaData,
    String,
    Text,
    literal,
)
from sqlalchemy import Table as Schema
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

from models.values import states
from models.values.inspection import ItemState

PRIVATE = "private"
"""The schema that holds people; nothing in it is ever joined into what is published."""

GENESIS = "0" * 64
"""`prev_hash` of the first event of a renovation, and the head of one that has no event yet."""

Id = Annotated[str, 64]
"""An opaque id of at most 64 characters."""
CommandId = Annotated[str, 200]
"""The idempotency key of one act, at most 200 characters."""
WorkflowId = Annotated[str, 200]
"""A Temporal workflow or run id, at most 200 characters."""
Hash = Annotated[str, 64]
"""A SHA-256 digest as 64 lower-case hex digits."""
Fen = Annotated[int, 64]
"""Money in minor units (0.01 yuan)."""
Big = Annotated[int, 64]
"""A whole number that may exceed 32 bits."""

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


class ByValue(TypeDecorator[StrEnum]):
    """A column of text that holds the value of an enumeration."""

    impl = Text
    cache_ok = True

    def __init__(self, enumeration: type[StrEnum]) -> None:
        super().__init__()
        self.enumeration = enumeration

    def process_bind_param(self, value: StrEnum | str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """The value as it is stored."""
        return None if value is None else self.enumeration(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:  # noqa: ARG002
        """The member that is stored by its value."""
        return None if value is None else self.enumeration(value)


STATES = (ItemState, *(each for each in vars(states).values() if isinstance(each, type)))
"""Every enumeration of `models.values.states`."""


class Table(DeclarativeBase):
    """The parent of every mapped class."""

    metadata = metadata
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy declares it as an instance attribute
        str: Text(),
        datetime: DateTime(timezone=True),
        Id: String(64),
        CommandId: String(200),
        Fen: BigInteger(),
        **{each: ByValue(each) for each in STATES if each is not StrEnum},
    }


def table_of(mapped: type[Table]) -> Schema:
    """The table of a mapped class, for statements that are made of columns and know no objects."""
    table = mapped.__table__
    assert isinstance(table, Schema)
    return table


def one_of(column: str, *allowed: str) -> CheckConstraint:
    """The column holds one of the `allowed` words (NULL passes where the column is nullable)."""
    words = ", ".join(f"'{word}'" for word in allowed)
    return CheckConstraint(f"{column} IN ({words})", name=f"{column}_known")


def spelled(word: str) -> BindParameter[str]:
    """A word that stands in the statement itself: only then is an index of the rows with it taken."""
    return literal(str(word), String, literal_execute=True)


def word(column: str) -> CheckConstraint:
    """The column holds a lower-case, possibly dotted identifier whose list is still open."""
    return CheckConstraint(f"{column} ~ '^[a-z][a-z0-9_.]*$'", name=f"{column}_word")


def not_negative(*columns: str) -> list[CheckConstraint]:
    """No column of these is below zero."""
    return [CheckConstraint(f"{column} >= 0", name=f"{column}_not_negative") for column in columns]


def sha256(column: str) -> CheckConstraint:
    """The column holds 64 lower-case hex digits."""
    return CheckConstraint(f"{column} ~ '^[0-9a-f]{{64}}$'", name=f"{column}_sha256")


def bytes_long(column: str, length: int) -> CheckConstraint:
    """The column holds exactly so many bytes."""
    return CheckConstraint(f"octet_length({column}) = {length}", name=f"{column}_length")


def refers(columns: tuple[str, ...], table: str, remote: tuple[str, ...]) -> ForeignKeyConstraint:
    """A foreign key over several columns."""
    return ForeignKeyConstraint(columns, [f"{table}.{column}" for column in remote])
