"""What connectors to plain HTTP interfaces have in common: one client, the ways of paging, the meaning of statuses."""
