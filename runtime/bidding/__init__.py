"""Bidding: what lies in the envelopes of bids."""
