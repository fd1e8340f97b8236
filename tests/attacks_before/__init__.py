"""What a review found at commit 8287647, played there again: `python -m tests.attacks_before`."""
