package group_test

import (
	"strings"
	"testing"

	"github.com/rollcall-im/rollcall/internal/group"
)

func TestCheckSubject(t *testing.T) {
	tests := []struct {
		name, text, want string
		code             group.Code
	}{
		{"plain", "Site 7", "Site 7", ""},
		{"space around it goes", "  Site 7\n", "Site 7", ""},
		{"characters are counted, not bytes", strings.Repeat("班", group.MaxSubject), strings.Repeat("班", group.MaxSubject), ""},
		{"one too many", strings.Repeat("班", group.MaxSubject+1), "", group.CodeBadSubject},
		{"empty", "", "", group.CodeBadSubject},
		{"space alone", " \t ", "", group.CodeBadSubject},
		{"a line break inside", "Site\n7", "", group.CodeBadSubject},
		{"a control character", "Site\x007", "", group.CodeBadSubject},
		{"not UTF-8", "Site \xff", "", group.CodeBadSubject},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := group.CheckSubject(tt.text)
			if got != tt.want || codeOf(err) != tt.code {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

func TestCheckDescription(t *testing.T) {
	tests := []struct {
		name, text string
		code       group.Code
	}{
		{"empty clears it", "", ""},
		{"lines", "One\r\n\tTwo", ""},
		{"as long as may be", strings.Repeat("é", group.MaxDescription), ""},
		{"one too many", strings.Repeat("é", group.MaxDescription+1), group.CodeBadDescription},
		{"a control character", "a\x1bb", group.CodeBadDescription},
		{"not UTF-8", "\xc3", group.CodeBadDescription},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := group.CheckDescription(tt.text)
			if codeOf(err) != tt.code || err == nil && got != tt.text {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

func TestCheckText(t *testing.T) {
	tests := []struct {
		name, text string
		code       group.Code
	}{
		{"plain", "Shift begins at six.", ""},
		{"as long as may be", strings.Repeat("字", group.MaxMessageCharacters), ""},
		{"one too many", strings.Repeat("字", group.MaxMessageCharacters+1), group.CodeBadMessage},
		{"empty", "", group.CodeBadMessage},
		{"space alone", "\n", group.CodeBadMessage},
		{"not UTF-8", "a\xff", group.CodeBadMessage},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := group.CheckText(tt.text); codeOf(err) != tt.code {
				t.Errorf("got %v", err)
			}
		})
	}
}
