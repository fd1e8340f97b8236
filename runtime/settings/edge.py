"""What the service takes from strangers before it knows who they are: sizes, times, connections."""

from pydantic import Field
from pydantic_settings import BaseSettings


class EdgeSettings(BaseSettings):
    """Limits at the edge of the service."""

    max_body_bytes: int = Field(
        default=262_144,
        ge=1024,
        description="The largest request body the service reads, in bytes.",
    )
    max_header_bytes: int = Field(
        default=16_384, ge=4_096, description="The longest head of a request, in bytes."
    )
    max_connections: int = Field(
        default=800,
        ge=10,
        description="Connections of the service at a time; where there are more, the one whose client"
        " is waited for longest goes.",
    )
    head_timeout_s: int = Field(
        default=10, ge=1, le=300, description="Seconds for the head of a request."
    )
    body_timeout_s: int = Field(
        default=30, ge=1, le=300, description="Seconds for the body of a request."
    )
    answer_timeout_s: int = Field(
        default=30, ge=1, le=300, description="Seconds in which a client must read on in an answer."
    )
    counts_age_s: float = Field(
        default=1.0,
        ge=0,
        le=60,
        description="Seconds for which a public number, as the turnout, is told before it is counted"
        " again; 0: each time.",
    )
    webhooks_to_own_network: bool = Field(
        default=False,
        description="Webhooks may name addresses of the own network, and without TLS.",
    )
    statement_timeout_s: int = Field(
        default=30,
        ge=1,
        le=3_600,
        description="Seconds that one statement of the service may take in the database.",
    )
