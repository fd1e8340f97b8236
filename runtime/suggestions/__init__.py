"""Suggestions as rows, for the service that takes them and for the activities that move a case."""
