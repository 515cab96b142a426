package signature

// Canonical gives what is signed of a request: the canonical request of version 3, which signature 1.0 has none of, and the
// string to sign. The errors are those of Verify that come before the comparison.
func Canonical(r *Request, c *Claim) (request, toSign string, err error) {
	s := scratches.Get().(*scratch) //nolint:errcheck // the pool holds nothing else
	defer s.release()
	if err := s.prepare(r, c); err != nil {
		return "", "", err
	}
	if c.Scheme != RPCHMACSHA1 {
		request = string(s.canonical)
	}
	return request, string(s.toSign), nil
}
