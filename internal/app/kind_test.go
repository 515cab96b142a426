package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDataDirectoriesAreOfOneKind(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name        string
		files       []string
		development bool
		refusal     string
	}{
		{"development, empty", nil, true, ""},
		{"production, empty", nil, false, ""},
		{"development again", []string{databaseFile, simulatorFile}, true, ""},
		{"production again", []string{databaseFile}, false, ""},
		{"development in production's", []string{databaseFile}, true, "belongs to a production server"},
		{"production in development's", []string{databaseFile, simulatorFile}, false, "was made by rollcall dev"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			data := Data{Dir: t.TempDir()}
			for _, file := range test.files {
				if err := os.WriteFile(filepath.Join(data.Dir, file), []byte("x"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			err := data.settleKind(test.development)
			if test.refusal == "" && err != nil || test.refusal != "" && (err == nil || !strings.Contains(err.Error(), test.refusal)) {
				t.Errorf("refused with %v, want %q", err, test.refusal)
			}
		})
	}
}

// A production server's folder survives a developer's --fresh.
func TestFreshSparesProduction(t *testing.T) {
	t.Parallel()
	data := Data{Dir: t.TempDir()}
	database := filepath.Join(data.Dir, databaseFile)
	if err := os.WriteFile(database, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := data.Clear(t.Context()); err == nil {
		t.Error("it was cleared")
	}
	if text, err := os.ReadFile(database); string(text) != "precious" {
		t.Errorf("the database holds %q, %v", text, err)
	}
}

func TestGraphAddressIsNotInTheOpen(t *testing.T) {
	t.Parallel()
	for address, refused := range map[string]bool{"": false, "https://graph.example.com": false, "http://127.0.0.1:8021": false,
		"http://localhost:8021": false, "http://[::1]:8021": false, "http://graph.example.com": true, "http://127.0.0.1.example.com": true} {
		if err := (Meta{GraphURL: address}).check(); (err != nil) != refused {
			t.Errorf("%q: %v, want a refusal %t", address, err, refused)
		}
	}
}
