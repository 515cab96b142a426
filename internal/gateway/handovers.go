package gateway

import "sync"

// handovers spare the first run of a command the reading of what the transaction that caused it had just in its hands. What
// is missing, because there were too many or after a restart, is read from the store.
type handovers struct {
	mu          sync.Mutex
	byOperation map[int64]*command
}

const maxHandovers = 4096

func (h *handovers) put(c *command) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.byOperation) >= maxHandovers { // most of them for lanes that other nodes run, who never come for them
		clear(h.byOperation)
	}
	h.byOperation[c.op.ID] = c
}

// take gives a command once. It is also how one is forgotten whose transaction failed.
func (h *handovers) take(operation int64) *command {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := h.byOperation[operation]
	delete(h.byOperation, operation)
	return c
}
