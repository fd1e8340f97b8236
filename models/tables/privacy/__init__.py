"""Tables of what is kept about people beside the record: who read what, bundles with choices, keys."""
