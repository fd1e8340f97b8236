"""The address of a database in the forms that drivers want, whichever usual form it has."""


def sqlalchemy_url(url: str) -> str:
    """The address in the form SQLAlchemy wants."""
    return f"postgresql+asyncpg://{_place(url)}"


def asyncpg_url(url: str) -> str:
    """The address in the form asyncpg and psql want."""
    return f"postgresql://{_place(url)}"


def _place(url: str) -> str:
    """Who, where and which database."""
    return url.partition("://")[2]
