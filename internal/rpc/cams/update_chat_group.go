package cams

import (
	"context"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/rpc"
)

// updateChatGroup changes subject, description or picture. What is left out stays; an empty Description clears it.
func (s *service) updateChatGroup() rpc.Operation {
	op := groupOperation("UpdateChatGroup", rpc.AccessUpdate, s.runUpdateChatGroup,
		onGroup(optional("Subject", "Description", "ProfilePictureFile")...)...)
	op.Doc = rpc.Doc{
		Summary: "Changes subject, description or picture; what is left out stays. One of them has to be there.",
		Parameters: map[string]string{
			"Subject":            "the title, 1 to 128 characters",
			"Description":        "at most 2048 characters; an empty one takes it away",
			"ProfilePictureFile": "address, up to 2048 characters, of a square JPEG of at least 192 pixels and at most 5 MB, which is fetched and passed on",
		},
		Answer: resultOf("1 when something was changed"),
		Errors: append(groupErrors("InvalidParameter.NothingToUpdate", "InvalidParameter.SubjectInvalid", "InvalidParameter.DescriptionInvalid",
			"InvalidParameter.ProfilePictureFileInvalid"), changeErrors...),
	}
	return op
}

// maxPictureURL is how long the address of a picture can be: it is kept with the group and given back in every list.
const maxPictureURL = 2048

func (s *service) runUpdateChatGroup(ctx context.Context, c *rpc.Call) (rpc.Answer, error) {
	t, err := target(c)
	if err != nil {
		return rpc.Answer{}, err
	}
	picture := c.Params.Text("ProfilePictureFile")
	if len(picture) > maxPictureURL {
		return rpc.Answer{}, group.Errorf(group.CodeBadPicture, "ProfilePictureFile is longer than %d characters; give a shorter address.", maxPictureURL)
	}
	ch, err := s.gateway.UpdateGroup(ctx, c.Caller, t, gateway.Settings{
		Subject:     sent(c, "Subject"),
		Description: sent(c, "Description"),
		PictureURL:  picture,
	})
	if err != nil {
		return rpc.Answer{}, err
	}
	return counted(&ch), nil
}

// sent gives a parameter, or nil if it was not sent: empty is another wish than absent.
func sent(c *rpc.Call, name string) *string {
	if text, ok := c.Params.Lookup(name); ok {
		return &text
	}
	return nil
}
