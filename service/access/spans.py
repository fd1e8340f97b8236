"""For how long whoever has entered is in."""

from datetime import timedelta

TICKET = timedelta(hours=1)
SESSION = timedelta(hours=12)
