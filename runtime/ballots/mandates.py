"""SQL: whether an agent has voted on a mandate; for the register and the published list of agents."""

from rules.ballots.states import ROUTE_OF, YIELDS

AGENTS = [channel for channel, route in ROUTE_OF.items() if route == YIELDS]
"""The channels in which agents vote: the parameter `:agents` of `VOTED`."""
VOTED = """EXISTS (
  SELECT 1 FROM ballot b
  WHERE b.box_id = m.box_id AND b.entry_id = m.entry_id AND b.channel = ANY (:agents)
    AND b.recorded_at >= m.registered_at AND b.recorded_at <= coalesce(r.revoked_at, 'infinity'))"""
"""Of a mandate `m` with its revocation `r`, which may be missing."""
