// Package app wires the parts of Rollcall into one program: a Config goes in, a running program comes out, and it stops
// in order. It holds no rule of its own; the binary, rollcalltest and the end-to-end tests reach everything through it alone.
package app
