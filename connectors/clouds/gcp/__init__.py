"""Google Cloud: the lists of one project, its organization, its billing account and its Workspace directory."""
