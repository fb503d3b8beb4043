"""SCIM 2.0 (RFC 7643, RFC 7644): how a directory such as Entra ID or Okta makes, changes and removes people here."""
