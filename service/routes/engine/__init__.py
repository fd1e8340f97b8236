"""What administrators see of the engine: its UI behind our sign-in, and its payloads opened."""
