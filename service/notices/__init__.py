"""Notices: the outbox that every act writes into, brought to the people it concerns."""
