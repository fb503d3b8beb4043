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
    "mutation completeSignIn": "*",
    "mutation startPasskeySignIn": "*",
    "mutation signInWithPasskey": "*",
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
    "query factors": PEOPLE,
    "mutation startTotpEnrolment": PEOPLE,
    "mutation confirmTotpEnrolment": PEOPLE,
    "mutation removeTotp": PEOPLE,
    "mutation regenerateRecoveryCodes": PEOPLE,
    "mutation startPasskeyRegistration": PEOPLE,
    "mutation finishPasskeyRegistration": PEOPLE,
    "mutation renamePasskey": PEOPLE,
    "mutation removePasskey": PEOPLE,
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
    "mutation cutOffSessions": "AM",
    "mutation requireSecondFactor": "AM",
    "mutation createClient": "M",
}

# Who may read a type by its id, with `node` and `nodes`.
TYPES = {
    "Account": "VUAM",
    "Alert": "VUAM",
    "Budget": "VUAM",
    "CostLine": "VUAM",
    "Finding": "VUAM",
    "Resource": "VUAM",
    "Sync": "VUAM",
}
