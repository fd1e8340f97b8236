"""The record of a case for people: sentences, idle times, where it stood, what was near to the other side."""
