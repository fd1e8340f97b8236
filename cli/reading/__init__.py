"""What is written about a case and about estates, read over HTTP in the name of whoever asks."""
