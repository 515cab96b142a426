package signature

import (
	"bufio"
	"net/http"
	"strings"
	"testing"
)

// benchmarkVerify parses and verifies, which is what a server does for each request.
func benchmarkVerify(b *testing.B, v vector) {
	r := v.request(b)
	key := v.key()
	b.ReportAllocs()
	for b.Loop() {
		c, err := Parse(r)
		if err == nil {
			err = key.Verify(r, &c)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerifyV3(b *testing.B) { benchmarkVerify(b, acs3Vectors[1]) }

func BenchmarkVerifyV3Slow(b *testing.B) { benchmarkVerify(b, acs3Vectors[3]) }

func BenchmarkVerifySM3(b *testing.B) { benchmarkVerify(b, acs3Vectors[5]) }

func BenchmarkVerifyRPC(b *testing.B) { benchmarkVerify(b, rpcVectors[1]) }

// BenchmarkReadRequest is the yardstick: what net/http spends on reading the same request.
func BenchmarkReadRequest(b *testing.B) {
	wire := acs3Vectors[1].wire()
	source := strings.NewReader(wire)
	reader := bufio.NewReader(source)
	b.ReportAllocs()
	for b.Loop() {
		source.Reset(wire)
		reader.Reset(source)
		if _, err := http.ReadRequest(reader); err != nil {
			b.Fatal(err)
		}
	}
}
