"""Places, rolls and cases that come in: what the pages under /office/start and the terminal do as well."""
