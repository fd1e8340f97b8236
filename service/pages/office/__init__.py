"""What the pages of committees, offices and contractors show and ask; the use cases are elsewhere in `service`."""
