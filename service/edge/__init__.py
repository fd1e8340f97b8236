"""Where the network ends: limits of connections, the access log, headers of every answer, ready counters."""
