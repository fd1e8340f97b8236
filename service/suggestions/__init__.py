"""Suggestions of residents (人民建议): made, joined, reviewed, merged, answered, in an estate or in a case."""
