"""What a live vote needs of the law beside its ballots: attendance, silence, second votes, caps, payers."""
