"""What comes in beside the payments that are reported: sums that wait for an owner, and cash."""
