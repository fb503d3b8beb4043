"""What is worth an alert in the events of providers: one file per detector, named by its id."""
