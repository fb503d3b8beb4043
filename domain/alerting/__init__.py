"""Who is told of which alert, when and how much: rules, hours, digests, limits. Pure functions over values and now."""
