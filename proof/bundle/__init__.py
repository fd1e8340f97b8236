"""The proof of a vote: the bundle that anybody can check, and receipts that find one's own ballot.

`verifier` holds the parts of the bundle's own `verify.py`, which needs nothing of this project;
`checking` judges the same bundle with the rules of this project. They share nothing but the careful
opening of files (`verifier.reading.Files`), so that a mistake of one is found by the other.
"""
