"""Amazon Web Services. Importing it loads the AWS client library: only the worker does."""
