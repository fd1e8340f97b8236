"""Training: beginning an invented case, playing its parts, and every component of the pages."""
