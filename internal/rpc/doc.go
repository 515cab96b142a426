// Package rpc is the northbound side: it reads calls in the RPC style of Alibaba Cloud's gateway, makes sure who calls and
// that they may, runs the one operation that was asked for, and writes the answer in the caller's format. The phases that
// all operations share stand here, in one order, where no operation can skip them; what an operation takes and gives stands
// in the packages below this one. It neither keeps data nor knows the network.
package rpc
