"""Microsoft Azure: one subscription through Resource Manager, and its directory through Microsoft Graph."""
