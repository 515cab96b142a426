package receipt

import "testing"

func TestAcknowledgement(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		body string
		zero bool // acknowledges
		lax  bool // does where any code will do
	}{
		{`{"code":0,"msg":"成功"}`, true, true},
		{`{"code":0}`, true, true},
		{` {"msg":"x", "code": 0.0 } `, true, true},
		{`{"Code":0}`, true, true}, // receivers are written by hand
		{`{"code":-0}`, true, true},
		{`{"code":1}`, false, true},
		{`{"code":200}`, false, true},
		{`{"code":"0"}`, false, false},
		{`{"code":null}`, false, false},
		{`{"code":true}`, false, false},
		{`{"code":[0]}`, false, false},
		{`{"msg":"ok"}`, false, false},
		{`[{"code":0}]`, false, false},
		{`0`, false, false},
		{`OK`, false, false},
		{``, false, false},
		{`{"code":0`, false, false},
	} {
		if got := acknowledged([]byte(test.body), false) == nil; got != test.zero {
			t.Errorf("%s acknowledges: %t", test.body, got)
		}
		if got := acknowledged([]byte(test.body), true) == nil; got != test.lax {
			t.Errorf("%s acknowledges where any code will do: %t", test.body, got)
		}
	}
}

// What acknowledges with the code 0 alone does so where any code will do.
func FuzzAcknowledgement(f *testing.F) {
	for _, seed := range []string{`{"code":0}`, `{"code":"0"}`, `{"code":1e400}`, `{"code":-}`, `[]`, `{"code":0}{"code":0}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if acknowledged(body, false) == nil && acknowledged(body, true) != nil {
			t.Errorf("%q", body)
		}
	})
}
