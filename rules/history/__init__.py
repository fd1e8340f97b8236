"""The record of a case as people read it: what weighs how much, what was idle, where it stood at a moment."""
