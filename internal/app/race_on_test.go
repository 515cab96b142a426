//go:build race

package app_test

// raceDetector tells whether this binary was built with it.
const raceDetector = true
