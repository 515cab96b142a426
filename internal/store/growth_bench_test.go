package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/rollcall-im/rollcall/internal/group"
	"github.com/rollcall-im/rollcall/internal/store"
)

// The sizes that growth is measured at.
var growth = []int{1e4, 1e6}

// BenchmarkGrowth measures what must not grow with the number of groups, in one process: lists of a number's groups, removals,
// the opening of the file, and the bytes on disk for each member. All groups are those of one number.
func BenchmarkGrowth(b *testing.B) {
	for _, groups := range growth {
		b.Run(fmt.Sprintf("groups=%d", groups), func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "grown.db")
			growFile(b, path, groups)
			b.Run("open", func(b *testing.B) { benchmarkOpen(b, path, groups) })
			b.Run("list", func(b *testing.B) { benchmarkLists(b, path, groups) })
			for _, callers := range []int{1, 32} {
				b.Run(fmt.Sprintf("removal/callers=%d", callers), func(b *testing.B) {
					measureRemovals(b, openFile(b, path), callers, groups)
				})
			}
		})
	}
}

func growFile(b *testing.B, path string, groups int) {
	b.Helper()
	s, err := store.Open(b.Context(), store.Config{Path: path, SealKey: sealKey('k')})
	if err != nil {
		b.Fatal(err)
	}
	begin := time.Now()
	for i := 0; i < groups; i += 500 {
		if err := s.Write(b.Context(), func(tx *store.Tx) error { return grow(tx, i, min(i+500, groups)) }); err != nil {
			b.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	fmt.Fprintf(os.Stderr, "%d groups made in %s\n", groups, time.Since(begin).Round(time.Millisecond))
}

func grow(tx *store.Tx, from, to int) error {
	for i := from; i < to; i++ {
		g := group.Group{AccountID: 1000000000000001, SpaceID: 7, Number: businessNumber, NetworkID: benchNetworkID(i), Status: group.Active,
			Subject: grownSubject(i), InviteLink: "https://chat.whatsapp.com/Example", CreatedAt: day, ModifiedAt: day}
		if i%100 == 0 {
			g.Status = group.Suspended
		}
		if err := tx.InsertGroup(&g); err != nil {
			return err
		}
		people := make([]group.Participant, benchMembers)
		for j := range people {
			people[j] = group.Participant{Number: group.Number(8613900000000 + i*benchMembers + j), State: group.Member, Since: day}
		}
		if err := tx.PutParticipants(g.ID, people); err != nil {
			return err
		}
	}
	return nil
}

// grownSubject gives subjects that differ, with one word that all have and one that few have.
func grownSubject(i int) string {
	shift := "evening"
	if i%5000 == 17 {
		shift = "夜班"
	}
	return fmt.Sprintf("Site %d, %s shift", i, shift)
}

// benchmarkOpen measures an opening with a look at a list, and tells the size of the file for each member.
func benchmarkOpen(b *testing.B, path string, groups int) {
	cfg := store.Config{Path: path, SealKey: sealKey('k')}
	for b.Loop() {
		s, err := store.Open(b.Context(), cfg)
		if err != nil {
			b.Fatal(err)
		}
		_, err = s.GroupPage(b.Context(), store.GroupFilter{ChannelID: 7, Number: businessNumber}, 0, 20)
		if err := errors.Join(err, s.Close()); err != nil {
			b.Fatal(err)
		}
	}
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(info.Size())/float64(groups*benchMembers), "bytes/member")
}

// benchmarkLists measures a page of 20 groups. p50-us is half of the calls, first-us the first one.
func benchmarkLists(b *testing.B, path string, groups int) {
	s := openFile(b, path)
	for _, l := range growthLists(groups) {
		first, firstCPU := time.Duration(0), time.Duration(0)
		b.Run(l.name, func(b *testing.B) {
			took, cpu := make([]time.Duration, b.N), cpuTime()
			for i := range took {
				begin := time.Now()
				if _, err := s.GroupPage(context.Background(), l.filter, l.skip, 20); err != nil {
					b.Fatal(err)
				}
				if took[i] = time.Since(begin); first == 0 {
					first, firstCPU = took[0], cpuTime()-cpu
				}
			}
			slices.Sort(took)
			b.ReportMetric(float64((cpuTime()-cpu).Microseconds())/float64(b.N), "cpu-us")
			b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-us")
			b.ReportMetric(float64(first.Microseconds()), "first-us")
			b.ReportMetric(float64(firstCPU.Microseconds()), "first-cpu-us")
		})
	}
}

func with(f store.GroupFilter, status group.Status, subject string) store.GroupFilter {
	f.Status, f.Subject = status, subject
	return f
}

// measuredList is a page that is asked for.
type measuredList struct {
	name   string
	filter store.GroupFilter
	skip   int
}

func growthLists(groups int) []measuredList {
	number := store.GroupFilter{ChannelID: 7, Number: businessNumber}
	return []measuredList{
		{"first", number, 0},
		{"deep", number, groups * 99 / 100},
		{"middle", number, groups / 2},
		{"status/first", with(number, group.Suspended, ""), 0},
		{"status/deep", with(number, group.Suspended, ""), groups / 100 * 9 / 10},
		{"active/deep", with(number, group.Active, ""), groups * 9 / 10},
		{"subject/one", with(number, 0, fmt.Sprintf("site %d,", groups/3)), 0},
		{"subject/none", with(number, 0, "nobody has this"), 0},
		{"subject/few/two-characters", with(number, 0, "夜班"), 0},
		{"subject/few/two-characters/suspended", with(number, group.Suspended, "夜班"), 0},
		{"subject/all", with(number, 0, "Evening Shift"), 0},
		{"subject/all/deep", with(number, 0, "Evening Shift"), groups * 9 / 10},
		{"subject/all/suspended/deep", with(number, group.Suspended, "Evening Shift"), groups / 100 * 9 / 10},
		{"subject/half/one-character", with(number, 0, "7"), groups / 3},
	}
}
