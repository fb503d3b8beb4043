"""The graph on the wire: transports, limits, cost and errors. Knows no noun of the schema."""
