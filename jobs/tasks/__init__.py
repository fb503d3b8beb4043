"""One file per background job. Each may run twice: the second time changes nothing."""
