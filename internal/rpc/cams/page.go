package cams

import (
	"math"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/rpc"
)

// maxPageSize is the most rows that a page can have.
const maxPageSize = 100

// page says which part of a list is wanted.
type page struct {
	index int // from 1
	size  int // 1 to maxPageSize
}

// readPage reads the parameter Page. Where it is optional (whole says so) its members are too: without any of it, the zero
// page stands for the whole list; a single member left out means the first page, or as many rows as a page can have.
func readPage(c *rpc.Call, whole bool) (p page, err error) {
	o, sent, err := c.Params.Object("Page")
	switch {
	case err != nil:
		return p, badPage("Page cannot be read: " + err.Error())
	case whole && len(o) == 0:
		return p, nil
	case !sent:
		return p, badPage("Page is missing")
	}
	without := page{}
	if whole {
		without = page{index: 1, size: maxPageSize}
	}
	if p.index, err = readPageMember(o, "Index", without.index); err != nil {
		return p, err
	}
	p.size, err = readPageMember(o, "Size", without.size)
	if err == nil && p.size > maxPageSize {
		err = badPage("Page.Size is greater than 100")
	}
	return p, err
}

// readPageMember reads a whole number from 1; without it the given one counts, unless that is 0. Numbers that are too great
// for any list are brought down to where nothing can overflow any more; such a page is empty all the same.
func readPageMember(o rpc.Object, name string, without int) (int, error) {
	n, sent, err := o.Integer(name)
	switch {
	case err != nil:
		return 0, badPage("Page." + name + " is not a whole number")
	case !sent && without == 0:
		return 0, badPage("Page." + name + " is missing")
	case !sent:
		return without, nil
	case n < 1:
		return 0, badPage("Page." + name + " is less than 1")
	}
	return int(min(n, math.MaxInt32)), nil
}

func badPage(what string) error {
	return group.Errorf(rpc.CodeBadPage, `%s; send Page as JSON, for example {"Index":1,"Size":20}, with Index from 1 and Size from 1 to %d.`,
		what, maxPageSize)
}
