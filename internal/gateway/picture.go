package gateway

import (
	"bytes"
	"context"
	"errors"
	"image/jpeg"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/outbound"
)

// fetchPicture reads a profile picture from the address a caller named and checks what the network would refuse. What
// counts is what the bytes are, not what the server calls them.
func (g *Gateway) fetchPicture(ctx context.Context, address string) ([]byte, error) {
	picture, _, err := g.cfg.Network.Pictures.Fetch(ctx, address, group.MaxPictureBytes)
	var refused *outbound.Error
	switch {
	case errors.As(err, &refused):
		return nil, group.Errorf(group.CodeBadPicture, "ProfilePictureFile cannot be fetched: %s.", refused.Message)
	case err != nil:
		return nil, err
	}
	size, err := jpeg.DecodeConfig(bytes.NewReader(picture))
	switch {
	case err != nil:
		return nil, group.Errorf(group.CodeBadPicture, "ProfilePictureFile is not a JPEG picture; give the address of one.")
	case size.Width != size.Height:
		return nil, group.Errorf(group.CodeBadPicture, "ProfilePictureFile is %d by %d pixels; give a square picture.", size.Width, size.Height)
	case size.Width < group.MinPicturePixels:
		return nil, group.Errorf(group.CodeBadPicture, "ProfilePictureFile is %d pixels wide; give at least %d.", size.Width, group.MinPicturePixels)
	}
	return picture, nil
}
