"""Commands about personal data: who has read what, what is due to go, what is kept about a person."""
