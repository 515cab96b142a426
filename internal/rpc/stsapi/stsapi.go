// Package stsapi is the Security Token Service, version 2015-04-01, on the same endpoint: it lends roles, and tells callers who they
// are. It knows how STS spells things; who may take a role is the gateway's.
package stsapi

import (
	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/rpc"
)

// Version is the version of the product's API.
const Version = "2015-04-01"

// Operations gives every operation of the product, working on a gateway and making tokens with a seal.
func Operations(gw *gateway.Gateway, tokens *rpc.TokenSeal) []rpc.Operation {
	s := &service{gateway: gw, tokens: tokens}
	return []rpc.Operation{s.assumeRole(), getCallerIdentity()}
}

type service struct {
	gateway *gateway.Gateway
	tokens  *rpc.TokenSeal
}
