// Package outbound fetches addresses that a customer names, such as profile pictures and callbacks, without letting them
// reach what only this machine can reach. It decides where a connection may go, on the address that is really dialled;
// what is fetched, and why, is its callers' matter.
package outbound
