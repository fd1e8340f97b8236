"""What the public pages count and sum: money, turnout, answers to complaints; never a home or a person."""
