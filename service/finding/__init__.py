"""How an official comes back to the cases they look for."""
