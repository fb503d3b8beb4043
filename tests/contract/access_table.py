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
    "mutation acceptInvitation": "*",
    "mutation signIn": "*",
    "mutation refreshSession": "*",
    # About oneself: any person.
    "query viewer": PEOPLE,
    "query node": PEOPLE,
    "query nodes": PEOPLE,
    "query sessions": PEOPLE,
    "mutation signOut": PEOPLE,
    "mutation endSession": PEOPLE,
    "mutation reauthenticate": PEOPLE,
    "mutation changePassword": PEOPLE,
    "mutation updateProfile": PEOPLE,
    "mutation requestEmailChange": PEOPLE,
    "mutation deactivateMyAccount": PEOPLE,
    "mutation deleteMyAccount": PEOPLE,
    # What is watched.
    "query accounts": "VUAM",
    "query alerts": "VUAM",
    "query budgets": "VUAM",
    "query costLines": "VUAM",
    "query costs": "VUAM",
    "query dashboard": "VUAM",
    "query findings": "VUAM",
    "query liveCursor": "VUAM",
    "query resources": "VUAM",
    "query syncs": "VUAM",
    "subscription alertRaised": "VUAM",
    "subscription syncProgressed": "VUAM",
    # What is done about it.
    "mutation acknowledgeAlert": "UAM",
    "mutation connectAccount": "AM",
    "mutation syncAccount": "AM",
    "mutation createBudget": "AM",
    # The organization, its people and its clients.
    "query customRoles": "UAM",
    "query members": "UAM",
    "query permissionTable": "UAM",
    "query invitations": "AM",
    "query memberSessions": "AM",
    "query providerAccesses": "AM",
    "mutation cutOffSessions": "AM",
    "mutation renameOrganization": "AM",
    "mutation deleteOrganization": "AM",
    "mutation invite": "AM",
    "mutation resendInvitation": "AM",
    "mutation revokeInvitation": "AM",
    "mutation changeRole": "AM",
    "mutation removeMember": "AM",
    "mutation deactivateMember": "AM",
    "mutation reactivateMember": "AM",
    "mutation endMemberSessions": "AM",
    "mutation createCustomRole": "AM",
    "mutation updateCustomRole": "AM",
    "mutation deleteCustomRole": "AM",
    # A provider and its clients.
    "query clients": "M",
    "query clientAccesses": "M",
    "mutation createClient": "M",
    "mutation enterClients": "M",
    "mutation leaveClients": "M",
    # What was done, by whom.
    "query auditLog": "AM",
    "query auditVerification": "AM",
    "query auditExports": "AM",
    "query auditExport": "AM",
    "query auditDownload": "AM",
    "mutation exportAudit": "AM",
    "mutation setAuditRetention": "AM",
    "subscription auditExportProgressed": "AM",
}

# Who may read a type by its id, with `node` and `nodes`.
TYPES = {
    "Account": "VUAM",
    "Alert": "VUAM",
    "AuditEntry": "AM",
    "AuditExport": "AM",
    "Budget": "VUAM",
    "CostLine": "VUAM",
    "CustomRole": "UAM",
    "Finding": "VUAM",
    "Invitation": "AM",
    "Member": "UAM",
    "ProviderVisit": "AM",
    "Resource": "VUAM",
    "Sync": "VUAM",
}
