"""What an office reads of a case: its history, and why it waits."""
