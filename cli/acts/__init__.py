"""`act`: official acts from the command line, and what its help says of them."""
