"""Every page that there is: who may look at it, a case with something on it, and its forms."""
