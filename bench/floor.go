package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
)

// serveFloor is the bare handler that everything is compared with: it parses the same request and writes the same JSON.
func serveFloor([]string) error { return serveOwn(http.HandlerFunc(floor)) }

type floorAnswer struct {
	Message   string
	RequestId string
	Code      string
	Success   bool
	Result    int
}

func floor(w http.ResponseWriter, r *http.Request) {
	q, err := url.ParseQuery(r.URL.RawQuery)
	var list []struct{ ParticipantNumber string }
	if err == nil {
		err = json.Unmarshal([]byte(q.Get("List")), &list)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	body, err := json.Marshal(floorAnswer{"OK", "90E63D28-E31D-1EB2-8939-A9486641111A", "OK", true, len(list)})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json;charset=utf-8")
	if _, err := w.Write(body); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}
