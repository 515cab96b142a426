package app

import (
	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/rpc"
	"github.com/rollcall-im/rollcall/internal/rpc/cams"
)

// products are all that is served, as the API reference lists it.
func products(gw *gateway.Gateway) []rpc.Product {
	return []rpc.Product{
		{Name: "cams", Title: "Chat App Message Service", Shared: cams.Shared(), Operations: cams.Operations(gw), Declined: cams.Declined()},
	}
}

// operations are those of all products.
func operations(gw *gateway.Gateway) []rpc.Operation {
	var all []rpc.Operation
	for _, p := range products(gw) {
		all = append(all, p.Operations...)
	}
	return all
}
