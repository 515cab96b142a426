package pgserver

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"syscall"
)

// freePort looks below the range from which systems give ports to clients. In that range a client that calls a server
// which is just restarting may be given the server's own port, and keep it from coming back.
func freePort(ctx context.Context) (int, error) {
	const lowest, highest = 20_000, 32_000
	for range 100 {
		port := lowest + rand.IntN(highest-lowest) //nolint:gosec // which port is no secret
		var config net.ListenConfig
		listener, err := config.Listen(ctx, "tcp4", fmt.Sprintf("127.0.0.1:%d", port))
		if errors.Is(err, syscall.EADDRINUSE) {
			continue
		}
		if err != nil {
			return 0, fmt.Errorf("find a free port: %w", err)
		}
		listener.Close()
		return port, nil
	}
	return 0, fmt.Errorf("find a free port: a hundred between %d and %d are taken", lowest, highest)
}
