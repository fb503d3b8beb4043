"""The servers CloudWatcher is compared with. They ask nobody who they are, keep no budget and write no log."""
