"""What leaves: taken for a while by one process, handed over, noted, tried again, given up."""
