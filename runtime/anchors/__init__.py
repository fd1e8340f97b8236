"""Anchors: every day the heads of all cases go into one tree, whose signed head others cosign."""
