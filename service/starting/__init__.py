"""A roll that comes in and a case that is opened, through the service: for its pages, for programs, for the terminal."""
