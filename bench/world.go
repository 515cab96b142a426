package main

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"strconv"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/signature"
)

// Groups have five people, but those whom eight are taken from at once have eight, the most that the network allows. That is
// what a million small teams would look like; bytes on disk are counted for each person.
const (
	fewPeople  = 5
	mostPeople = group.MaxParticipants
)

// sizeFor gives how many people a group has that so many are taken from.
func sizeFor(people int) int {
	if people > fewPeople {
		return mostPeople
	}
	return fewPeople
}

const (
	firstNumber = 8613900000000
	firstPerson = 4915200000000
	phones      = 10_000 // each is in many groups
	benchToken  = "bench-token"
)

// world is what is seeded: groups that the database and, as far as they are used, the simulated network know. What a group
// looks like follows from its place, so that nothing of a million groups need be kept but the order of their use.
type world struct {
	space  string // CustSpaceId
	caller signature.Credentials
	dir    string        // data folder to copy
	bySize map[int][]int // groups by the number of their people, in the random order in which they are used up
	people int           // in all groups together
}

// newWorld deals the groups out: as many of eight people as are going to be used, all others of five.
func newWorld(groups, full int) *world {
	order := rand.New(rand.NewPCG(1, uint64(groups))).Perm(groups) //nolint:gosec // an order without secrets, the same in every run
	return &world{bySize: map[int][]int{mostPeople: order[:full], fewPeople: order[full:]}, people: groups*fewPeople + full*(mostPeople-fewPeople)}
}

func (w *world) groups() int { return len(w.bySize[fewPeople]) + len(w.bySize[mostPeople]) }

// numbers gives how many business numbers the groups belong to: the network lets none have more than ten thousand.
func (w *world) numbers() int {
	return (w.groups() + group.MaxGroupsPerNumber - 1) / group.MaxGroupsPerNumber
}

func numberOf(g int) group.Number { return group.Number(firstNumber + g/group.MaxGroupsPerNumber) }

func phoneNumberID(n group.Number) string { return "1" + n.String() }

func subjectOf(g int) string { return "Site " + strconv.Itoa(g) + ", evening shift" }

// networkID looks like those of the network, and sorts by nothing.
func networkID(g int) string {
	const step = 7_919_999_983 // shares no factor with 10^12, so that the groups are scattered over all twelve digits and no two meet
	text := fmt.Sprintf("capi_group:%s:120363%012d", numberOf(g), g*step%1_000_000_000_000)
	return base64.RawURLEncoding.EncodeToString([]byte(text))
}

func person(g, i int) group.Number { return group.Number(firstPerson + (g*mostPeople+i)%phones) }
