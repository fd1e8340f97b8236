"""The history of a case over HTTP and on pages: its lines, where it stood, what changed, why it waits."""
