package outbound

import (
	"net/netip"
	"testing"

	"pgregory.net/rapid"
)

func TestRefusal(t *testing.T) {
	t.Parallel()
	for addr, want := range map[string]string{
		"0.0.0.0": "unspecified", "0.1.2.3": "unspecified", "10.1.2.3": "private", "172.16.0.1": "private",
		"172.31.255.255": "private", "192.168.1.1": "private", "100.64.0.1": "carrier-grade NAT",
		"100.100.100.200": "carrier-grade NAT", "127.0.0.1": "loopback", "127.255.255.254": "loopback",
		"169.254.169.254": "link-local", "168.63.129.16": "cloud metadata", "192.0.0.192": "protocol assignments",
		"192.0.2.1": "documentation", "198.51.100.7": "documentation", "203.0.113.9": "documentation",
		"198.18.0.1": "benchmark", "198.19.255.255": "benchmark", "192.88.99.1": "6to4 relay",
		"224.0.0.1": "multicast", "239.255.255.250": "multicast", "240.0.0.1": "reserved", "255.255.255.255": "reserved",
		"::": "unspecified", "::1": "loopback", "::7f00:1": "unspecified", "::ffff:127.0.0.1": "loopback",
		"::ffff:10.0.0.1": "private", "64:ff9b::7f00:1": "loopback", "64:ff9b::a9fe:a9fe": "link-local",
		"64:ff9b:1::1": "local NAT64", "2002:7f00:1::": "loopback", "2002:a00:1::1": "private", "100::1": "discard",
		"2001::1": "protocol assignments", "2001:2::1": "protocol assignments", "2001:db8::1": "documentation",
		"3fff::1": "documentation", "fc00::1": "private", "fd00:ec2::254": "private", "fe80::1": "link-local",
		"fe80::1%eth0": "scoped", "2606:4700::1%eth0": "scoped", "fec0::1": "site-local", "ff02::1": "multicast",
		"5f00::1": "reserved", "4000::1": "reserved", "::ffff:0:127.0.0.1": "reserved",
		"8.8.8.8": "", "1.1.1.1": "", "172.15.255.255": "", "172.32.0.1": "", "100.63.255.255": "", "100.128.0.1": "",
		"2606:4700:4700::1111": "", "2001:4860:4860::8888": "", "::ffff:8.8.8.8": "", "64:ff9b::808:808": "",
		"2002:808:808::1": "",
	} {
		if got := Refusal(netip.MustParseAddr(addr)); got != want {
			t.Errorf("Refusal(%s) = %q, want %q", addr, got, want)
		}
	}
	if Refusal(netip.Addr{}) == "" {
		t.Error("the zero address passes")
	}
}

// An address must not become reachable by being written inside another.
func TestRefusalSeesThroughEmbedding(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		v4 := [4]byte(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "v4"))
		want := Refusal(netip.AddrFrom4(v4))
		mapped := netip.AddrFrom16([16]byte{10: 0xff, 11: 0xff, 12: v4[0], v4[1], v4[2], v4[3]})
		translated := netip.AddrFrom16([16]byte{0, 0x64, 0xff, 0x9b, 12: v4[0], v4[1], v4[2], v4[3]})
		tunnelled := netip.AddrFrom16([16]byte{0x20, 0x02, v4[0], v4[1], v4[2], v4[3], 15: 1})
		for _, addr := range []netip.Addr{mapped, translated, tunnelled} {
			if got := Refusal(addr); got != want {
				t.Fatalf("Refusal(%s) = %q, but %q for the address within", addr, got, want)
			}
		}
	})
}
