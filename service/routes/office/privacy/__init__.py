"""Pages of an office about personal data."""
