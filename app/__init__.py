"""Where it is put together: settings, wiring, GraphQL assembly, web and worker processes, command line."""
