package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// probeTime is for how long the disk is measured in each round.
const probeTime = 2 * time.Second

// disk is what one wait for the disk took in a round.
type disk struct{ p50, p99 time.Duration }

// probe overwrites a page of a file and waits for the disk, again and again, which is what a commit waits for at the least.
func probe(dir string, lasting time.Duration) (disk, error) {
	const page, pages = 4096, 256
	file, err := os.CreateTemp(dir, "probe")
	if err != nil {
		return disk{}, err
	}
	defer os.Remove(file.Name()) //nolint:errcheck // the folder goes anyway
	defer file.Close()
	if _, err := file.Write(make([]byte, page*pages)); err != nil {
		return disk{}, err
	}
	if err := file.Sync(); err != nil {
		return disk{}, err
	}
	var took []time.Duration
	text := make([]byte, page)
	for begin := time.Now(); time.Since(begin) < lasting; {
		text[0]++
		start := time.Now()
		if _, err := file.WriteAt(text, int64(len(took)%pages*page)); err != nil {
			return disk{}, err
		}
		if err := syncData(file); err != nil {
			return disk{}, err
		}
		took = append(took, time.Since(start))
	}
	return disk{p50: percentile(took, 0.5), p99: percentile(took, 0.99)}, nil
}

// warm reads every file of a folder, because the system drops pages that were not used for a while, and reading them back
// is not what is measured.
func warm(dir string) error {
	return walk(dir, func(path string, _ fs.FileInfo) error {
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		defer file.Close()
		_, err = io.Copy(io.Discard, file)
		return err
	})
}

// size adds up the files of a folder.
func size(dir string) (int64, error) {
	var sum int64
	err := walk(dir, func(_ string, info fs.FileInfo) error {
		sum += info.Size()
		return nil
	})
	return sum, err
}

// walk visits the files below a folder, past those that go away meanwhile.
func walk(dir string, visit func(path string, info fs.FileInfo) error) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			var info fs.FileInfo
			if info, err = entry.Info(); err == nil {
				err = visit(path, info)
			}
		}
		if os.IsNotExist(err) {
			return nil
		}
		return err
	})
}

// changed gives when a file was written last, the zero time for none.
func changed(path string) time.Time {
	info, err := os.Stat(path)
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}

// checkDisk refuses a folder whose files are only in memory, where no commit waits for anything.
func checkDisk(dir string) error {
	memory, err := inMemory(dir)
	if err == nil && memory {
		err = fmt.Errorf("%s is kept in memory; name a folder on a disk with -dir", dir)
	}
	return err
}
