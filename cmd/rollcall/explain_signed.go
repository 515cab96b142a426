package main

import (
	"fmt"

	"github.com/rollcall-im/rollcall/internal/app"
)

// printSigned shows what was signed, and the hash by which a client's own string is compared with it.
func printSigned(t *terminal, e *app.Explanation) {
	if e.CanonicalRequest != "" {
		fmt.Fprintf(t.out, "\ncanonical request (%s):\n%s\n", e.Scheme, e.CanonicalRequest)
	}
	if e.StringToSign != "" {
		fmt.Fprintf(t.out, "\nstring to sign:\n%s\n", e.StringToSign)
	}
	if e.StringToSignSHA256 != "" {
		fmt.Fprintf(t.out, "\nsha256 of the string to sign: %s\n", e.StringToSignSHA256)
	}
	if e.ValuesHidden {
		fmt.Fprintln(t.out, "Values are hidden above (***), so do not compare the strings byte by byte: compare this hash with that of your client's string to sign.")
	}
}
