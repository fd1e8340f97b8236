"""The fields of the doors: found by walking their models, and what their kinds forbid."""
