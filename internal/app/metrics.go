package app

import (
	"net"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/rollcall-im/rollcall/internal/graph"
)

// newMetrics begins with what the process itself can tell. It is a registry of its own, so that two programs in one process
// do not meet.
func newMetrics() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}

// metricsHere serves the metrics beside the callers' gateway, nil when they have an address of their own. In production it is
// there for this machine alone.
func (p *Program) metricsHere() http.Handler {
	switch {
	case p.cfg.Listen.MetricsAddress != "":
		return nil
	case p.cfg.Simulator != nil:
		return p.metricsPage()
	}
	page := p.metricsPage()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !fromThisMachine(r) {
			say(w, http.StatusForbidden, "the metrics are for this machine alone; give --metrics-listen to serve them elsewhere")
			return
		}
		page.ServeHTTP(w, r)
	})
}

// fromThisMachine tells whether a request came from a program on this machine that did not pass it on for somebody else: a
// proxy in front of us may run here too.
func fromThisMachine(r *http.Request) bool {
	for _, header := range []string{"X-Forwarded-For", "X-Real-Ip", "Forwarded", "Via"} {
		if len(r.Header[header]) > 0 {
			return false
		}
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	ip := net.ParseIP(host)
	return err == nil && ip != nil && ip.IsLoopback()
}

// metricsPage serves the numbers in Prometheus's text form. They name actions and codes, never people or keys.
func (p *Program) metricsPage() http.Handler {
	return promhttp.HandlerFor(p.metrics, promhttp.HandlerOpts{MaxRequestsInFlight: 4})
}

// countPaces adds how the network's limits are doing. Numbers are counted and not named.
func (p *Program) countPaces() {
	g := p.gateway
	p.metrics.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "rollcall_graph_numbers_paced", Help: "Business numbers whose calls are held back, because the network refused some or is close to it.",
	}, func() float64 { return float64(g.Paced()) }))
	for _, limit := range []graph.Limit{graph.PairLimit, graph.NumberLimit, graph.AccountLimit, graph.AppLimit} {
		p.metrics.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "rollcall_graph_throttled_total", Help: "Answers of the network that refused a call because of a limit, by whose limit it is.",
			ConstLabels: prometheus.Labels{"limit": limit.String()},
		}, func() float64 { return float64(g.Throttled(limit)) }))
	}
}
