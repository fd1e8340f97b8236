"""What the service does about personal data: bundles on request, the log of readers, own data, erasure."""
