package conformance

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// TestMain clears what would send a client elsewhere than to the loopback address it is told: the clients read proxies and
// credentials from the environment.
func TestMain(m *testing.M) {
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if strings.HasSuffix(strings.ToUpper(name), "_PROXY") || strings.HasPrefix(name, "ALIBABA_CLOUD_") {
			_ = os.Unsetenv(name) // fails only for names that cannot be in the environment
		}
	}
	os.Exit(m.Run())
}

// binary builds the program once for all tests and returns its path.
var binary = sync.OnceValues(func() (string, error) {
	target, err := filepath.Abs(filepath.Join("tmp", "rollcall"))
	if err != nil {
		return "", fmt.Errorf("find tmp/rollcall: %w", err)
	}
	build := exec.Command("go", "build", "-buildvcs=false", "-o", target, "./cmd/rollcall")
	build.Dir = ".." // the main module
	if output, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build rollcall: %w\n%s", err, output)
	}
	return target, nil
})
