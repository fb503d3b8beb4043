"""Bills that arrive as files and leave as files. What the rows mean is known to `domain.costs`."""
