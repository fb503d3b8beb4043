"""What CloudWatcher looks for in resources: one `Rule` for each fault, grouped by provider and service."""
