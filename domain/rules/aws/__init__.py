"""Rules over AWS resources. Ids, conditions, severities and risks: the remediation rule catalogue."""
