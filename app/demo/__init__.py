"""The demo: a company with bills for three clouds and a stand-in AWS account, so that the graph shows something."""
