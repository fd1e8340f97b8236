"""The pages: routes that answer a browser; what they do is what the API does."""
