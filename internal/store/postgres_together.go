package store

import (
	"fmt"
	"strconv"
	"strings"
)

// shared is one statement that answers the asks of one or more transactions.
type shared struct {
	errand *errand
	asks   []*ask
	many   bool
}

// share puts asks of the same form together.
func share(round []*pgJob) ([]*shared, error) {
	var out []*shared
	byForm := map[form]*shared{}
	for _, j := range round {
		if j.asked.ids {
			continue
		}
		f := j.asked.call.form()
		alone := j.asked.counted || !strings.HasPrefix(f.query, "SELECT") // of others, nobody could tell whose rows came back
		s := byForm[f]
		if s == nil || alone {
			s = &shared{}
			out = append(out, s)
		}
		if !alone {
			byForm[f] = s
		}
		s.asks = append(s.asks, j.asked)
	}
	for _, s := range out {
		if err := s.write(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// write makes the statement. One that has no arguments gives the same to everybody.
func (s *shared) write() (err error) {
	calls := make([]call, len(s.asks))
	for i, a := range s.asks {
		calls[i] = a.call
	}
	s.many = len(calls) > 1 && len(calls[0].kinds) > 0
	s.errand, err = together(calls)
	return err
}

// together makes one statement of calls of the same form.
func together(calls []call) (*errand, error) {
	f := calls[0].form()
	if len(calls) == 1 || f.kinds == "" {
		return &errand{sql: forms.single(f), params: calls[0].values}, nil
	}
	sql, err := forms.many(f)
	if err != nil {
		return nil, err
	}
	e := &errand{sql: sql, params: make([][]byte, len(f.kinds))}
	for i := range e.params {
		e.params[i] = array(kind(f.kinds[i]), calls, i)
	}
	return e, nil
}

// deal gives each ask its rows.
func (s *shared) deal() error {
	if !s.many {
		for _, a := range s.asks {
			a.rows, a.tag = s.errand.rows, s.errand.tag
		}
		return nil
	}
	for _, row := range s.errand.rows {
		n, err := row.int(0)
		if err != nil || n < 1 || n > int64(len(s.asks)) {
			return fmt.Errorf("a row belongs to call %s of %d", strconv.FormatInt(n, 10), len(s.asks))
		}
		a := s.asks[n-1]
		a.rows = append(a.rows, row[1:])
	}
	return nil
}

// flush makes the statements that write what was put, each in its transaction's own order, those of the same form together.
func flush(jobs []*pgJob) ([]*errand, error) {
	var out []*errand
	for {
		var first *pgJob
		for _, j := range jobs {
			if len(j.writes) > 0 {
				first = j
				break
			}
		}
		if first == nil {
			return out, nil
		}
		e, err := together(takeWrites(jobs, first.writes[0].form()))
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
}

// takeWrites takes from each transaction the write of a form that is its next, or the rows that were put at once. Of a form
// without arguments it takes one, since that cannot be run for many.
func takeWrites(jobs []*pgJob, f form) (calls []call) {
	for _, j := range jobs {
		if len(j.writes) == 0 || j.writes[0].form() != f {
			continue
		}
		n := 1
		for n < len(j.writes) && j.writes[n].follows {
			n++
		}
		alone := f.kinds == "" || j.writes[0].alone
		if alone && len(calls) > 0 {
			continue
		}
		calls, j.writes = append(calls, j.writes[:n]...), j.writes[n:]
		if alone {
			break
		}
	}
	return calls
}
