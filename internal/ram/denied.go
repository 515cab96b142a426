package ram

// AccessDeniedDetail is the member of that name in the body of a 403: why
// somebody was refused, in the seven members that RAM documents ("How do I
// troubleshoot an access denied error"). All of them are strings.
type AccessDeniedDetail struct {
	AuthAction               string `json:"AuthAction"`
	AuthPrincipalType        string `json:"AuthPrincipalType"`
	AuthPrincipalDisplayName string `json:"AuthPrincipalDisplayName"`
	AuthPrincipalOwnerId     string `json:"AuthPrincipalOwnerId"`
	PolicyType               string `json:"PolicyType"`
	NoPermissionType         string `json:"NoPermissionType"`
	EncodedDiagnosticMessage string `json:"EncodedDiagnosticMessage"`
}

// The kinds of principal that can be refused.
const (
	PrincipalSubUser         = "SubUser"
	PrincipalAssumedRoleUser = "AssumedRoleUser"
)

// Principal is somebody as a refusal names them.
type Principal struct {
	Type        string // PrincipalSubUser or PrincipalAssumedRoleUser
	DisplayName string // the id of a user, or RoleName:SessionName
	OwnerID     AccountID
}

// UserPrincipal names a user by its id.
func UserPrincipal(owner AccountID, userID string) Principal {
	return Principal{Type: PrincipalSubUser, DisplayName: userID, OwnerID: owner}
}

// SessionPrincipal names a session of a role.
func SessionPrincipal(owner AccountID, roleName, sessionName string) Principal {
	return Principal{
		Type:        PrincipalAssumedRoleUser,
		DisplayName: roleName + ":" + sessionName,
		OwnerID:     owner,
	}
}

// Denied describes the refusal of action to p by d. The diagnostic message is
// opaque here: the caller keeps what it stands for. A decision that allows
// has nothing to describe and gives nil.
func Denied(d Decision, action string, p Principal, diagnostic string) *AccessDeniedDetail {
	if d.Allowed() {
		return nil
	}
	return &AccessDeniedDetail{
		AuthAction:               action,
		AuthPrincipalType:        p.Type,
		AuthPrincipalDisplayName: p.DisplayName,
		AuthPrincipalOwnerId:     string(p.OwnerID),
		PolicyType:               d.PolicyType,
		NoPermissionType:         d.Effect.String(),
		EncodedDiagnosticMessage: diagnostic,
	}
}
