"""The command line `cloudwatcher`: one file per larger command."""
