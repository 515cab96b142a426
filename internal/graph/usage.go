package graph

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// Usage is how much of its limits a caller has used up, as the headers of an answer tell it. Source: Meta, Graph API, rate
// limits page. Not every answer has them.
type Usage struct {
	App     Share // what the app may do, or the user whose token it is
	Account Share // what may be done for the business account
}

// Share is one usage.
type Share struct {
	Known   bool
	Percent int           // the highest of calls, processor time and time; at 100 further calls are refused
	Regain  time.Duration // how long until calls pass again, 0 where it is not said; whole minutes
}

// otherProducts are the types of usage that do not concern WhatsApp. By which name WhatsApp goes is not documented, so that what
// is not known to be another's is taken for its own.
var otherProducts = map[text]bool{"ads_insights": true, "ads_management": true, "custom_audience": true, "instagram": true,
	"leadgen": true, "messenger": true, "pages": true}

// wireUsage is one usage as it is written. Only that of business accounts says when access comes back.
type wireUsage struct {
	Type    text   `json:"type"`
	Calls   number `json:"call_count"`
	CPU     number `json:"total_cputime"`
	Time    number `json:"total_time"`
	Minutes number `json:"estimated_time_to_regain_access"`
}

func (u *wireUsage) share() Share {
	const most = 1000 // beyond it, it is no per cent
	minutes := min(max(u.Minutes, 0), number(longestWait/time.Minute))
	return Share{Known: true, Percent: int(min(max(u.Calls, u.CPU, u.Time, 0), most)), Regain: time.Duration(minutes) * time.Minute}
}

// with gives the worse of two shares.
func (s Share) with(other Share) Share {
	return Share{Known: s.Known || other.Known, Percent: max(s.Percent, other.Percent), Regain: max(s.Regain, other.Regain)}
}

// usageOf reads the usage headers; what cannot be read is as if it were not there.
func usageOf(h http.Header) (u Usage) {
	if values := h["X-App-Usage"]; len(values) > 0 {
		var app wireUsage
		if json.Unmarshal([]byte(values[0]), &app) == nil {
			u.App = app.share()
		}
	}
	if values := h["X-Business-Use-Case-Usage"]; len(values) > 0 {
		var accounts map[string]list[wireUsage]
		_ = json.Unmarshal([]byte(values[0]), &accounts)
		for _, items := range accounts {
			for i := range items {
				if !otherProducts[items[i].Type] {
					u.Account = u.Account.with(items[i].share())
				}
			}
		}
	}
	return u
}

// retryAfter reads how long to wait from the headers: what the usage says, or seconds in Retry-After, which Meta does not
// document but a proxy may send. The longest one counts.
func retryAfter(h http.Header) time.Duration {
	var wait time.Duration
	if s, err := strconv.ParseInt(h.Get("Retry-After"), 10, 32); err == nil {
		wait = time.Duration(s) * time.Second
	}
	u := usageOf(h)
	return min(max(wait, u.App.Regain, u.Account.Regain, 0), longestWait)
}
