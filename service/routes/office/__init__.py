"""The pages of committees, offices and contractors; what they do is what the API does."""
