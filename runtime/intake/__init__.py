"""What many send at once waits here for one commit: ballots of a box, reports of a case."""
