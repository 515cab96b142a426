package gateway

import (
	"hash/fnv"
	"slices"
	"strings"

	"github.com/rollcall-im/rollcall/internal/ram"
)

// What an explanation can take at most. Texts are in bytes.
const (
	maxExplainedSteps = 50
	maxExplainedText  = 4 << 10
	maxExplainedWhy   = 1 << 10 // of one step: there are many
)

// The places of callers who are known are parted into segments. An account has those of one, so that its refusals push out only
// those of the few accounts that share it.
const (
	knownSegments = 16
	segmentSlots  = 256
	knownSlots    = knownSegments * segmentSlots
)

// bound makes an explanation as small as it has to be.
func (e *Explanation) bound() {
	for _, text := range []*string{&e.RequestID, &e.Action, &e.Code, &e.Message, &e.Method, &e.AccessKeyID, &e.Source, &e.Principal, &e.CanonicalRequest,
		&e.StringToSign, &e.Resource} {
		*text = shorten(*text, maxExplainedText)
	}
	e.Steps = fewSteps(e.Steps)
	for i := range e.Steps {
		e.Steps[i].Why = shorten(e.Steps[i].Why, maxExplainedWhy)
	}
}

// fewSteps leaves those that matched, for one of them decided, and as many of the others as there is room for.
func fewSteps(steps []ram.Step) []ram.Step {
	for i := len(steps) - 1; i >= 0 && len(steps) > maxExplainedSteps; i-- {
		if !steps[i].Matched {
			steps = slices.Delete(steps, i, i+1)
		}
	}
	return steps[:min(len(steps), maxExplainedSteps)]
}

func shorten(text string, most int) string {
	if len(text) <= most {
		return text
	}
	const more = "…"
	return strings.ToValidUTF8(text[:most-len(more)], "") + more
}

// slot is the place of an explanation.
func (e *Explanation) slot() int64 {
	place := spread(e.RequestID)
	if !e.Verified {
		return knownSlots + int64(place%strangerSlots)
	}
	segment := spread(string(e.AccountID)) % knownSegments
	return int64(segment*segmentSlots + place%segmentSlots)
}

func spread(text string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(text)) // never fails, by its documentation
	return h.Sum32()
}
