"""A client of the service for programs: a portal, a bank, a dashboard. It needs httpx and pydantic, and nothing of ours.

docs/integrating.md shows it; what it has no method for, `Gongjian.get` and `Gongjian.post` reach.
"""

from client.errors import Problem, ProblemError, UnavailableError
from client.gongjian import Gongjian

__all__ = ["Gongjian", "Problem", "ProblemError", "UnavailableError"]
