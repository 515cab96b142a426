package app

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestUnsafeSettingsAreRefused(t *testing.T) {
	t.Parallel()
	safe := Config{Listen: Listener{Address: "127.0.0.1:0"}, Meta: Meta{AppSecretFile: "secret", VerifyTokenFile: "word"}}
	for _, test := range []struct {
		name   string
		change func(*Config)
		want   string // part of the error; "" when the setting is safe
	}{
		{"loopback", func(*Config) {}, ""},
		{"localhost", func(c *Config) { c.Listen.Address = "localhost:80" }, ""},
		{"IPv6 loopback", func(c *Config) { c.Listen.Address = "[::1]:80" }, ""},
		{"all addresses", func(c *Config) { c.Listen.Address = "0.0.0.0:80" }, "plain HTTP on 0.0.0.0:80"},
		{"no address", func(c *Config) { c.Listen.Address = ":80" }, "plain HTTP on :80"},
		{"a name", func(c *Config) { c.Listen.Address = "rollcall.example.com:80" }, "plain HTTP"},
		{"said explicitly", func(c *Config) { c.Listen = Listener{Address: ":80", PlainHTTP: true} }, ""},
		{"with TLS", func(c *Config) { c.Listen = Listener{Address: ":443", CertFile: "c", KeyFile: "k"} }, ""},
		{"half of TLS", func(c *Config) { c.Listen.CertFile = "c" }, "both a certificate file and a key file"},
		{"no app secret", func(c *Config) { c.Meta.AppSecretFile = "" }, "--app-secret-file"},
		{"no verify token", func(c *Config) { c.Meta.VerifyTokenFile = "" }, "--verify-token-file"},
		{"a simulator needs neither", func(c *Config) { c.Meta = Meta{}; c.Simulator = &Simulator{} }, ""},
		{"dev on all addresses", func(c *Config) { c.Simulator = &Simulator{}; c.Listen.Address = "0.0.0.0:8020" }, "--insecure-listen"},
		{"simulator on all addresses", func(c *Config) { c.Simulator = &Simulator{Address: "0.0.0.0:8021"} }, "--simulator-listen 0.0.0.0:8021"},
		{"simulator on no address", func(c *Config) { c.Simulator = &Simulator{Address: ":8021"} }, "asks for no credentials"},
		{"dev with TLS", func(c *Config) {
			c.Simulator, c.Listen = &Simulator{}, Listener{Address: ":443", CertFile: "c", KeyFile: "k", PlainHTTP: true}
		}, "--listen :443"},
		{"dev, said explicitly", func(c *Config) {
			c.Simulator, c.Listen.Address = &Simulator{Address: ":8021", Exposed: true}, "0.0.0.0:8020"
		}, ""},
	} {
		cfg := safe
		test.change(&cfg)
		err := cfg.check()
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", test.name, err, test.want)
		}
	}
}

func TestDataDirectory(t *testing.T) {
	t.Parallel()
	write := func(t *testing.T, d Data, file string, mode os.FileMode, content []byte) {
		t.Helper()
		if err := os.WriteFile(d.path(file), content, mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(d.path(file), mode); err != nil { // whatever the umask says
			t.Fatal(err)
		}
	}
	key := bytes.Repeat([]byte{7}, sealKeyBytes)
	for _, test := range []struct {
		name    string
		prepare func(*testing.T, Data)
		want    string
	}{
		{"empty", func(*testing.T, Data) {}, ""},
		{"with a key of ours", func(t *testing.T, d Data) { write(t, d, sealKeyFile, 0o600, key) }, ""},
		{"with a key that others can read", func(t *testing.T, d Data) { write(t, d, sealKeyFile, 0o604, key) }, "chmod 600"},
		{"with a short key", func(t *testing.T, d Data) { write(t, d, sealKeyFile, 0o600, key[1:]) }, "must hold 32"},
		{"without the key of its database", func(t *testing.T, d Data) { write(t, d, databaseFile, 0o600, nil) }, "put it back from your backup"},
		{"that others can write into", func(t *testing.T, d Data) {
			if err := os.Chmod(d.Dir, 0o777); err != nil {
				t.Fatal(err)
			}
		}, "chmod 700"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d := Data{Dir: t.TempDir()}
			if err := os.Chmod(d.Dir, 0o700); err != nil {
				t.Fatal(err)
			}
			test.prepare(t, d)
			err := d.create()
			if err == nil {
				_, _, err = d.sealKey(d.Exists())
			}
			if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want %q", err, test.want)
			}
		})
	}
}

func TestFilesAreForTheirOwnerAlone(t *testing.T) {
	t.Parallel()
	cfg := devConfig(t)
	stop(t, start(t, cfg))
	entries, err := os.ReadDir(cfg.DataDir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) < 3 {
		t.Errorf("the data directory holds %v", entries)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", e.Name(), info.Mode())
		}
	}
}

func TestOneServerForADirectory(t *testing.T) {
	t.Parallel()
	cfg := devConfig(t)
	p := start(t, cfg)
	if _, err := Start(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "another rollcall") {
		t.Errorf("a second server: %v, want a refusal", err)
	}
	if err := (Data{Dir: cfg.DataDir}).Clear(t.Context()); err == nil {
		t.Error("the directory was cleared under a running server")
	}
	stop(t, p)
	if err := (Data{Dir: cfg.DataDir}).Clear(t.Context()); err != nil {
		t.Errorf("clear: %v", err)
	}
	left, err := filepath.Glob(filepath.Join(cfg.DataDir, "*"))
	if err != nil || len(left) != 1 {
		t.Errorf("left after clearing: %v, %v; want the lock alone", left, err)
	}
}

func TestSecretFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, want := range map[string]string{"good": "", "empty": "is empty", "open": "chmod 600"} {
		path := filepath.Join(dir, name)
		content, mode := map[string]string{"good": " word\n", "open": "word"}[name], os.FileMode(0o600)
		if name == "open" {
			mode = 0o644
		}
		if err := os.WriteFile(path, []byte(content), mode); err != nil {
			t.Fatal(err)
		}
		text, err := ReadSecretText(path)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) || err == nil && text != "word" {
			t.Errorf("%s: %q, %v, want %q", name, text, err, want)
		}
	}
	if _, err := ReadSecretText(dir); err == nil {
		t.Error("a folder was taken for a secret")
	}
}
