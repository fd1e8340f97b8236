"""Firms that build, and banks: they register or are invited, are confirmed, and people act for them."""
