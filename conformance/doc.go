// Package conformance holds foreign clients against the built binary: programs that other people wrote for Alibaba Cloud,
// pointed at `rollcall dev`. It has no product code and shares none with the main module: what it knows of Rollcall is what a
// customer knows, an endpoint, a key and the simulator's control calls. README.md lists what it pins about the clients.
package conformance
