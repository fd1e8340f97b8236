"""The end of the money: what is kept back of a contract, until everything is settled."""
