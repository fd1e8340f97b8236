"""Pages of an office about money."""
