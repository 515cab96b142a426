package simulator

import "github.com/rollcall-im/rollcall/internal/graph"

type linkAnswer struct {
	MessagingProduct string `json:"messaging_product"`
	InviteLink       string `json:"invite_link"`
}

// linkDeleted says "true" as a string, as Meta's own schema does.
type linkDeleted struct {
	MessagingProduct string `json:"messaging_product"`
	Success          string `json:"success"`
}

func (s *Simulator) getInviteLink(c *call) (any, error) {
	g := c.group
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.readable(); err != nil {
		return nil, err
	}
	if g.link == "" {
		return nil, fail(graph.CodeInvalidParameter, "The group has no invite link.")
	}
	return linkAnswer{MessagingProduct: "whatsapp", InviteLink: linkPrefix + g.link}, nil
}

// resetInviteLink makes a new link; every earlier one is dead at once and for ever.
func (s *Simulator) resetInviteLink(c *call) (any, error) {
	link := s.ids.link()
	if err := s.changeLink(c, link); err != nil {
		return nil, err
	}
	return linkAnswer{MessagingProduct: "whatsapp", InviteLink: linkPrefix + link}, nil
}

func (s *Simulator) deleteInviteLink(c *call) (any, error) {
	if err := s.changeLink(c, ""); err != nil {
		return nil, err
	}
	return linkDeleted{MessagingProduct: "whatsapp", Success: "true"}, nil
}

func (s *Simulator) changeLink(c *call, link string) error {
	if err := c.decode(new(product)); err != nil {
		return err
	}
	c.group.mu.Lock()
	defer c.group.mu.Unlock()
	if err := c.group.changeable(); err != nil {
		return err
	}
	return s.commit(&linkSet{Group: c.group.id, Link: link}, nil)
}
