package signature

import "strings"

// parseACS3 reads a request of signature version 3 (Alibaba Cloud, "V3 request body and signature mechanism").
func parseACS3(r *Request, c *Claim, fields string) error {
	if err := c.readACS3Headers(r); err != nil {
		return err
	}
	a, err := parseAuthorization(fields)
	if err != nil {
		return err
	}
	c.AccessKeyID, c.SignedHeaders, c.Signature = a.credential, a.signedHeaders, a.signature
	if missing := c.missingACS3Header(r); missing != "" {
		return errMissing(missing)
	}
	var ok bool
	if c.Time, ok = parseTimestamp(c.date); !ok {
		return errBadTime("x-acs-date")
	}
	if err := checkValue("x-acs-signature-nonce", c.Nonce, maxNonce); err != nil {
		return err
	}
	if err := checkValue("x-acs-security-token", c.SecurityToken, maxSecurityToken); err != nil {
		return err
	}
	if c.accessKeyHeader != "" && c.accessKeyHeader != c.AccessKeyID {
		return errAuthorization("x-acs-accesskey-id", "x-acs-accesskey-id is not the Credential of the Authorization header")
	}
	return c.checkSignedHeaders(r)
}

// readACS3Headers fills in what the x-acs-… headers say, in one pass over all headers. None of them may come
// twice, for two readers could then choose differently.
func (c *Claim) readACS3Headers(r *Request) error {
	c.acsHeaders = 0
	for key, values := range r.Header {
		if !strings.HasPrefix(key, "X-Acs-") || len(values) == 0 {
			continue
		}
		if len(values) > 1 {
			_, err := r.single(key)
			return err
		}
		c.acsHeaders++
		if into := c.header(key); into != nil {
			*into = strings.TrimSpace(values[0])
		}
	}
	return nil
}

// header returns where the value of an x-acs-… header belongs, nil for one that the claim does not hold.
func (c *Claim) header(key string) *string {
	switch key {
	case "X-Acs-Action":
		return &c.Action
	case "X-Acs-Version":
		return &c.Version
	case "X-Acs-Date":
		return &c.date
	case "X-Acs-Signature-Nonce":
		return &c.Nonce
	case "X-Acs-Content-Sha256":
		return &c.contentHash
	case "X-Acs-Security-Token":
		return &c.SecurityToken
	case "X-Acs-Accesskey-Id":
		return &c.accessKeyHeader
	}
	return nil
}

func (c *Claim) missingACS3Header(r *Request) string {
	switch {
	case r.Host == "":
		return "host"
	case c.Action == "":
		return "x-acs-action"
	case c.Version == "":
		return "x-acs-version"
	case c.date == "":
		return "x-acs-date"
	case c.Nonce == "":
		return "x-acs-signature-nonce"
	case c.contentHash == "":
		return "x-acs-content-sha256"
	}
	return ""
}

func errBadTime(param string) error {
	return &Error{Kind: BadTime, Param: param, Detail: param + " must be a UTC time of the form YYYY-MM-DDThh:mm:ssZ"}
}
