"""Personal data: who has read it, under which keys it lies, when it is due to go."""
