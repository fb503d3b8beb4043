"""Bills that arrive as files. Only reads them: what the rows mean is known to `domain.costs`."""
