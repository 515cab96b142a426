package simulator

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"image/jpeg"
	"io"
	"mime"
	"mime/multipart"
	"strings"

	"github.com/rollcall-im/rollcall/internal/graph"
)

const (
	maxPicture    = 5 << 20 // bytes
	minPictureBox = 192     // pixels
	maxParts      = 16
)

// picture is what is kept of a group's picture.
type picture struct {
	MimeType string `json:"mime_type"`
	SHA256   string `json:"sha256"`
}

type updateBody struct {
	product
	Subject     *string  `json:"subject"`
	Description *string  `json:"description"`
	PictureFile *string  `json:"profile_picture_file"`
	picture     *picture // from a multipart form
}

// updateGroup accepts new settings. They show when the webhook is sent and not before.
func (s *Simulator) updateGroup(c *call) (any, error) {
	body, err := c.updateBody()
	if err != nil {
		return nil, err
	}
	if err := body.check(); err != nil {
		return nil, err
	}
	g := c.group
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.changeable(); err != nil {
		return nil, err
	}
	st := &step{Kind: stepUpdate, Request: s.ids.request(), Subject: body.Subject, Description: body.Description, Picture: body.picture}
	if err := s.accept(g, st); err != nil {
		return nil, err
	}
	return accepted{MessagingProduct: "whatsapp", RequestID: st.Request}, nil
}

func (b *updateBody) check() error {
	if b.PictureFile != nil {
		return fail(graph.CodeParameterValue, "A picture must be uploaded as multipart/form-data.")
	}
	if b.Subject == nil && b.Description == nil && b.picture == nil {
		return fail(graph.CodeParameterMissing, "At least one of subject, description and picture is required.")
	}
	if b.Description != nil {
		if err := checkDescription(*b.Description); err != nil {
			return err
		}
	}
	if b.Subject == nil {
		return nil
	}
	subject, err := checkedSubject(*b.Subject)
	b.Subject = &subject
	return err
}

func (c *call) updateBody() (*updateBody, error) {
	if isMultipart(c.request) {
		return c.updateForm()
	}
	body := new(updateBody)
	return body, c.decode(body)
}

// updateForm reads the multipart form in which a picture is uploaded.
func (c *call) updateForm() (*updateBody, error) {
	broken := fail(graph.CodeInvalidParameter, "The multipart form cannot be read.")
	_, parameters, err := mime.ParseMediaType(c.request.Header.Get("Content-Type"))
	if err != nil || parameters["boundary"] == "" {
		return nil, broken
	}
	form := multipart.NewReader(bytes.NewReader(c.body), parameters["boundary"])
	body := new(updateBody)
	for range maxParts {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return body, body.checkProduct()
		}
		if err != nil {
			return nil, broken
		}
		if err := body.takePart(part); err != nil {
			return nil, err
		}
	}
	return nil, broken
}

func (b *updateBody) takePart(part *multipart.Part) error {
	content, err := io.ReadAll(part) // bounded: the whole body was
	if err != nil {
		return fail(graph.CodeInvalidParameter, "The multipart form cannot be read.")
	}
	text := strings.ToValidUTF8(string(content), "\uFFFD")
	switch part.FormName() {
	case "messaging_product":
		b.MessagingProduct = text
	case "subject":
		b.Subject = &text
	case "description":
		b.Description = &text
	case "file", "profile_picture_file":
		b.picture, err = checkedPicture(content)
	}
	return err
}

// checkedPicture takes a JPEG of at most 5 MB, square, at least 192 pixels wide.
func checkedPicture(content []byte) (*picture, error) {
	if len(content) > maxPicture {
		return nil, fail(graph.CodeMediaUpload, "The picture is larger than 5 MB.")
	}
	box, err := jpeg.DecodeConfig(bytes.NewReader(content))
	switch {
	case err != nil:
		return nil, fail(graph.CodeMediaUpload, "The picture is not a JPEG.")
	case box.Width != box.Height:
		return nil, fail(graph.CodePictureNotSquare, "The picture must be square.")
	case box.Width < minPictureBox:
		return nil, fail(graph.CodePictureTooSmall, "The picture must be at least 192 pixels wide and high.")
	}
	sum := sha256.Sum256(content)
	return &picture{MimeType: "image/jpeg", SHA256: hex.EncodeToString(sum[:])}, nil
}
