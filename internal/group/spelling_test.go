package group_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/rollcall-im/rollcall/internal/group"
)

func TestOtherSpelling(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ one, other group.Number }{
		{5511987654321, 551187654321},  // São Paulo
		{5215512345678, 525512345678},  // Mexico City
		{5491123456789, 541123456789},  // Buenos Aires
		{551187654321, 5511987654321},  // and back
		{8613800000000, 0},             // one spelling only
		{4915123456789, 0},             //
		{55119876543, 0},               // too short to be either
		{5511887654321, 0},             // thirteen digits without the 9
		{group.Number(1234567), 0},     //
		{group.Number(12345678901), 0}, //
	} {
		got, ok := test.one.Other()
		if got != test.other || ok != (test.other != 0) {
			t.Errorf("%d: got %d, %t; want %d", test.one, got, ok, test.other)
		}
	}
}

func TestOtherSpellingIsMutual(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := group.Number(rapid.Int64Range(1_000_000, 999_999_999_999_999).Draw(t, "number"))
		other, ok := n.Other()
		if !ok {
			return
		}
		if back, ok := other.Other(); !ok || back != n {
			t.Fatalf("%d has the spelling %d, and that %d", n, other, back)
		}
	})
}
