"""What `make check` checks beside formatter, linter, types and imports: what a machine can hold.

One module a subject; each check yields a sentence per fault that says where it is and what to do.
"""
