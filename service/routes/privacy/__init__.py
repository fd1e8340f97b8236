"""Routes about personal data and what is only for some."""
