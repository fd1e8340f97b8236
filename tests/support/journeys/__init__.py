"""A told case that tests carry: who acts in it, what they do, and what an ordinary committee does for each wait."""
