"""Who may use which root field, and read which type by its id, written out. A field without a row fails.

Each row names those who get further than the gate, by a letter:

V client viewer, U user, A administrator, M administrator of a provider (each in the organization asked about);
S a service account that holds every permission; N a person without any organization; * everybody, signed in or not.
"""

PEOPLE = "VUAMN"

ROOT_FIELDS = {
    # Open to everybody: the way in.
    "query version": "*",
    "mutation register": "*",
    "mutation verifyEmail": "*",
    "mutation resendVerification": "*",
    "mutation requestPasswordReset": "*",
    "mutation resetPassword": "*",
    "mutation confirmEmailChange": "*",
    "mutation undoEmailChange": "*",
    "mutation reactivateMyAccount": "*",
    "mutation signIn": "*",
    "mutation refreshSession": "*",
    "query signInOptions": "*",
    "mutation exchangeSignInCode": "*",
    # About oneself: any person.
    "query viewer": PEOPLE + "S",
    "query node": PEOPLE + "S",
    "query nodes": PEOPLE + "S",
    "query sessions": PEOPLE,
    "query identities": PEOPLE,
    "mutation signOut": PEOPLE,
    "mutation endSession": PEOPLE,
    "mutation reauthenticate": PEOPLE,
    "mutation changePassword": PEOPLE,
    "mutation updateProfile": PEOPLE,
    "mutation requestEmailChange": PEOPLE,
    "mutation deactivateMyAccount": PEOPLE,
    "mutation deleteMyAccount": PEOPLE,
    "mutation linkIdentity": PEOPLE,
    "mutation reauthenticateWithProvider": PEOPLE,
    "mutation unlinkIdentity": PEOPLE,
    # What is watched.
    "query accounts": "VUAMS",
    "query alerts": "VUAMS",
    "query budgets": "VUAMS",
    "query costLines": "VUAMS",
    "query costs": "VUAMS",
    "query dashboard": "VUAMS",
    "query findings": "VUAMS",
    "query liveCursor": "VUAMS",
    "query resources": "VUAMS",
    "query syncs": "VUAMS",
    "subscription alertRaised": "VUAMS",
    "subscription syncProgressed": "VUAMS",
    # What is done about it.
    "mutation acknowledgeAlert": "UAMS",
    "mutation connectAccount": "AMS",
    "mutation syncAccount": "AMS",
    "mutation createBudget": "AMS",
    # The organization, its people and its clients.
    "mutation cutOffSessions": "AM",
    "mutation createClient": "MS",
    # What was done, by whom.
    "query auditLog": "AMS",
    "query auditVerification": "AMS",
    "query auditExports": "AMS",
    "query auditExport": "AMS",
    "query auditDownload": "AMS",
    "mutation exportAudit": "AMS",
    "mutation setAuditRetention": "AM",
    "subscription auditExportProgressed": "AMS",
    # Who signs in through whom.
    "query identityProviders": "AM",
    "query verifiedDomains": "AM",
    "mutation claimDomain": "AM",
    "mutation createIdentityProvider": "AM",
    "mutation deleteIdentityProvider": "AM",
    "mutation removeDomain": "AM",
    "mutation testIdentityProvider": "AM",
    "mutation updateIdentityProvider": "AM",
    "mutation verifyDomain": "AM",
    # Machines, and what directories give.
    "query serviceAccounts": "AMS",
    "query apiKeys": "AMS",
    "mutation createServiceAccount": "AM",
    "mutation updateServiceAccount": "AM",
    "mutation disableServiceAccount": "AM",
    "mutation enableServiceAccount": "AM",
    "mutation deleteServiceAccount": "AM",
    "mutation createApiKey": "AM",
    "mutation rotateApiKey": "AM",
    "mutation revokeApiKey": "AM",
    "query groupRoles": "AM",
    "mutation setGroupRole": "AM",
    "mutation removeGroupRole": "AM",
}

# Who may read a type by its id, with `node` and `nodes`.
TYPES = {
    "Account": "VUAMS",
    "Alert": "VUAMS",
    "ApiKey": "AMS",
    "AuditEntry": "AMS",
    "AuditExport": "AMS",
    "Budget": "VUAMS",
    "CostLine": "VUAMS",
    "Finding": "VUAMS",
    "GroupRole": "AM",
    "Resource": "VUAMS",
    "ServiceAccount": "AMS",
    "Sync": "VUAMS",
    "IdentityProvider": "AM",
    "VerifiedDomain": "AM",
}
