package pgserver

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
)

// errMissing ends with what to do, since it is what somebody sees who runs the tests on a new machine.
var errMissing = errors.New("PostgreSQL's server is not installed: `make test` as root installs it on Debian, " +
	"or run `apt-get install --no-install-recommends postgresql`; elsewhere put its initdb, postgres, createdb and dropdb into one folder of PATH")

// needed are the programs that must lie in one folder, so that they are of one version.
var needed = []string{"initdb", "postgres", "createdb", "dropdb"}

// findPrograms returns the folder with PostgreSQL's programs: the one that PATH leads to, else Debian's newest.
func findPrograms() (string, error) {
	var folders []string
	if found, err := exec.LookPath("postgres"); err == nil {
		if real, err := filepath.EvalSymlinks(found); err == nil {
			folders = append(folders, filepath.Dir(real))
		}
	}
	debian, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil {
		return "", fmt.Errorf("look for PostgreSQL: %w", err)
	}
	slices.SortFunc(debian, func(a, b string) int { return cmp.Compare(version(b), version(a)) })
	for _, folder := range append(folders, debian...) {
		if complete(folder) {
			return folder, nil
		}
	}
	return "", errMissing
}

// version is the 15 of /usr/lib/postgresql/15/bin; what is no number comes last.
func version(folder string) float64 {
	number, err := strconv.ParseFloat(filepath.Base(filepath.Dir(folder)), 64)
	if err != nil {
		return 0
	}
	return number
}

func complete(folder string) bool {
	for _, program := range needed {
		if info, err := os.Stat(filepath.Join(folder, program)); err != nil || info.IsDir() {
			return false
		}
	}
	return true
}
