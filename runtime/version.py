"""The version of this code; `pyproject.toml` reads it from here, because an image holds no package to ask."""

VERSION = "0.1.0"
