package simulator

import (
	"fmt"
	"net/http"
)

// Usage is what the usage headers of an answer say. Source: Graph API, rate limits page. Without one an answer has none.
type Usage struct {
	App           int // per cent of the app's limit; 0 = no X-App-Usage
	Account       int // per cent of the account's; 0 and no minutes = no X-Business-Use-Case-Usage
	RegainMinutes int // how long the account's calls will be refused
}

func (u Usage) writeTo(h http.Header, account string) {
	if u.App > 0 {
		h["X-App-Usage"] = []string{fmt.Sprintf(`{"call_count":%d,"total_cputime":1,"total_time":1}`, u.App)}
	}
	if u.Account > 0 || u.RegainMinutes > 0 {
		h["X-Business-Use-Case-Usage"] = []string{fmt.Sprintf(
			`{"%s":[{"type":"whatsapp","call_count":%d,"total_cputime":1,"total_time":1,"estimated_time_to_regain_access":%d}]}`,
			account, u.Account, u.RegainMinutes)}
	}
}

// business gives the phone number and the account that a call is about; a call about an account is about no number.
func (c *call) business() (number, account string) {
	switch {
	case c.group != nil:
		return c.group.number.id, c.group.number.waba.id
	case c.number != nil:
		return c.number.id, c.number.waba.id
	case c.waba != nil:
		return "", c.waba.id
	}
	return "", ""
}
