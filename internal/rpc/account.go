package rpc

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics count what was answered.
type metrics struct {
	calls   *prometheus.CounterVec
	seconds *prometheus.HistogramVec
}

// newMetrics registers the counters; without a registry there are none.
func newMetrics(registry prometheus.Registerer, n *nonces) (*metrics, error) {
	if registry == nil {
		return nil, nil
	}
	m := &metrics{
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rollcall_rpc_calls_total", Help: "Calls answered, by action and code.",
		}, []string{"action", "code"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "rollcall_rpc_call_duration_seconds", Help: "Time from a call's arrival to its answer, by action.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"action"}),
	}
	held := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "rollcall_rpc_nonces", Help: "Nonces remembered as used.",
	}, func() float64 { return float64(n.held.Load()) })
	for _, c := range []prometheus.Collector{m.calls, m.seconds, held} {
		if err := registry.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// account counts a call and writes its line of the access log. Parameters are not in it: they hold numbers and texts.
func (s *Server) account(x *exchange, r *reply) {
	elapsed := s.now().Sub(x.now)
	action := "unknown" // a name that somebody made up would be a label for ever
	if x.operation != nil {
		action = x.operation.Action
	}
	if s.metrics != nil {
		s.metrics.calls.WithLabelValues(action, r.Code).Inc()
		s.metrics.seconds.WithLabelValues(action).Observe(elapsed.Seconds())
	}
	level := slog.LevelInfo
	if r.Status >= http.StatusInternalServerError {
		level = slog.LevelError
	}
	s.log.LogAttrs(context.Background(), level, "call",
		slog.String("request_id", x.RequestID), slog.String("action", action), slog.String("code", r.Code),
		slog.Int("status", r.Status), slog.Duration("duration", elapsed),
		slog.String("access_key_id", x.claim.AccessKeyID), slog.String("source", x.origin.String()))
}
