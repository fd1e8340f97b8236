"""Looking over many cases: counts by place and stage, and lists as files."""
