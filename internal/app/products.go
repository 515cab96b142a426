package app

import (
	"sync"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/rpc"
	"github.com/rollcall-im/rollcall/internal/rpc/cams"
	"github.com/rollcall-im/rollcall/internal/rpc/ramapi"
	"github.com/rollcall-im/rollcall/internal/rpc/stsapi"
)

// seals are what some operations read or make: messages and tokens that nobody else can.
type seals struct {
	diagnostic []byte
	tokens     *rpc.TokenSeal
}

// products are all that is served, as the API reference lists it.
func products(gw *gateway.Gateway, s seals) []rpc.Product {
	return []rpc.Product{
		{Name: "cams", Title: "Chat App Message Service", Shared: cams.Shared(), Operations: cams.Operations(gw), Declined: cams.Declined()},
		{Name: "ram", Title: "Resource Access Management", Operations: ramapi.Operations(gw, s.diagnostic)},
		{Name: "sts", Title: "Security Token Service", Operations: stsapi.Operations(gw, s.tokens)},
	}
}

// operations are those of all products.
func operations(gw *gateway.Gateway, s seals) []rpc.Operation {
	var all []rpc.Operation
	for _, p := range products(gw, s) {
		all = append(all, p.Operations...)
	}
	return all
}

// served are the operations of all products, by action.
var served = sync.OnceValue(func() map[string]*rpc.Operation {
	known := map[string]*rpc.Operation{}
	all := operations(nil, seals{})
	for i := range all {
		known[all[i].Action] = &all[i]
	}
	return known
})

// VersionOf gives the version of the product that has an action, and that of the groups for one that nobody has.
func VersionOf(action string) string {
	if o := served()[action]; o != nil {
		return o.Version
	}
	return cams.Version
}
