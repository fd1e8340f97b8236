"""What money costs: shares, transfers, statements on paper."""
