// Package graph is Meta in Meta's words: a client of the WhatsApp Groups API, the payloads it exchanges, its error
// codes, and the parsing and signing of its webhooks. It knows the wire and nothing of Rollcall: what an answer means
// for a group's state, and whether to try again, is decided on the floors above.
package graph
