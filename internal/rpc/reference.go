package rpc

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rollcall-im/rollcall/internal/gateway"
	"github.com/rollcall-im/rollcall/internal/signature"
)

// Product is what the API reference tells of one product that is served.
type Product struct {
	Name       string // as official clients call it
	Title      string
	Shared     map[string]string // parameters that most of its operations take
	Operations []Operation
	Declined   []Declined
}

// Declined are operations of the official product that are not served, and why.
type Declined struct {
	Topic  string
	Reason string
	Names  []string
}

// Reference writes the API reference of some products, in Markdown. It is made of what calls are held against, so that it cannot say
// anything else.
func Reference(products []Product) string {
	var b strings.Builder
	b.WriteString("# Operations and codes\n\n" +
		"This page is made from the program (`make reference`); a test fails when it is not up to date. How calls are written and signed, and what a\n" +
		"removal answers, stands in [api.md](api.md). *Official* operations have the names, parameters and answers of Alibaba Cloud's documents; *ours*\n" +
		"are extensions that the official service does not have.\n")
	for i := range products {
		writeProduct(&b, &products[i])
	}
	writeCodes(&b)
	return b.String()
}

func writeProduct(b *strings.Builder, p *Product) {
	fmt.Fprintf(b, "\n## %s\n\nProduct `%s`, version `%s`.\n", p.Title, p.Name, p.Operations[0].Version)
	if p.Operations[0].RAMStyle {
		b.WriteString("\nAnswers have `RequestId` and what stands below, and no `Code`, `Message` or `Success`; refusals have a status of 4xx.\n")
	}
	operations := slices.Clone(p.Operations)
	slices.SortFunc(operations, func(a, b Operation) int { return strings.Compare(a.Action, b.Action) })
	b.WriteString("\n| operation | | RAM action | access |\n| --- | --- | --- | --- |\n")
	for i := range operations {
		o := &operations[i]
		fmt.Fprintf(b, "| [%s](#%s) | %s | `%s` | %s |\n", o.Action, strings.ToLower(o.Action), o.origin(), o.RAMAction, o.Access)
	}
	if len(p.Shared) > 0 {
		b.WriteString("\nMost of them take these too:\n\n")
		for _, name := range slices.Sorted(maps.Keys(p.Shared)) {
			fmt.Fprintf(b, "- `%s`: %s\n", name, p.Shared[name])
		}
	}
	for i := range operations {
		operations[i].write(b, p.Shared)
	}
	writeDeclined(b, p.Declined)
}

func (o *Operation) origin() string {
	if o.Extension {
		return "ours"
	}
	return "official"
}

func (o *Operation) write(b *strings.Builder, shared map[string]string) {
	fmt.Fprintf(b, "\n### %s\n\n%s\n", o.Action, o.Doc.Summary)
	if o.Beta {
		b.WriteString("\nPart of the group beta: the account has to be on the allowlist.\n")
	}
	if o.PerSecond > 0 {
		fmt.Fprintf(b, "\nA production server lets an account call it %v times in a second, the documented figure, unless its operator says otherwise.\n", o.PerSecond)
	}
	if forms := o.resources(); len(forms) > 0 {
		fmt.Fprintf(b, "\nPermission is asked on `%s`.\n", strings.Join(forms, "` and on `"))
	}
	o.writeParameters(b, shared)
	if o.NoSuccess {
		b.WriteString("\nThe answer has no `Success`.\n")
	}
	if len(o.Doc.Answer) > 0 {
		b.WriteString("\n| answer | type | |\n| --- | --- | --- |\n")
		for _, f := range o.Doc.Answer {
			fmt.Fprintf(b, "| `%s` | %s | %s |\n", f.Name, f.Type, cell(f.About))
		}
	}
	if len(o.Doc.Errors) > 0 {
		fmt.Fprintf(b, "\nCodes: `%s`.\n", strings.Join(o.Doc.Errors, "`, `"))
	}
}

// resources gives what the operation is authorised against where that is not "*", with the names of parameters in the place of what is sent.
func (o *Operation) resources() []string {
	if o.Resource == nil || o.Anybody {
		return nil
	}
	var named Params
	for _, p := range o.Parameters {
		named = append(named, signature.Parameter{Name: p.Name, Value: "<" + p.Name + ">"})
	}
	slices.SortFunc(named, func(a, b signature.Parameter) int { return strings.Compare(a.Name, b.Name) })
	return o.Resource(&gateway.Principal{AccountID: "<account>"}, named)
}

func (o *Operation) writeParameters(b *strings.Builder, shared map[string]string) {
	head := "\n| parameter | | |\n| --- | --- | --- |\n"
	for _, p := range o.Parameters {
		about := o.Doc.Parameters[p.Name]
		if _, common := shared[p.Name]; common && about == "" && !p.Required {
			continue
		}
		need := "optional"
		if p.Required {
			need = "required"
		}
		if about == "" {
			about = shared[p.Name]
		}
		fmt.Fprintf(b, "%s| `%s` | %s | %s |\n", head, p.Name, need, cell(about))
		head = ""
	}
	if o.Change && !o.RAMStyle { // RAM knows no such token
		fmt.Fprintf(b, "%s| `ClientToken` (ours) | optional | up to 64 characters; the same token with the same parameters gives the first outcome |\n", head)
	}
}

// cell keeps a text inside its cell of a table.
func cell(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(text, "\n", " "), "|", `\|`)
}

func writeDeclined(b *strings.Builder, declined []Declined) {
	if len(declined) == 0 {
		return
	}
	count := 0
	for _, d := range declined {
		count += len(d.Names)
	}
	fmt.Fprintf(b, "\n### What is not served\n\nThe official product has %d more operations. A call of one is answered 404 `InvalidAction.NotFound`.\n\n", count)
	b.WriteString("| about | operations | why not |\n| --- | --- | --- |\n")
	for _, d := range declined {
		fmt.Fprintf(b, "| %s | %s | %s |\n", d.Topic, strings.Join(d.Names, ", "), cell(d.Reason))
	}
}

func writeCodes(b *strings.Builder) {
	b.WriteString("\n## Codes\n\n`<Name>` stands for the name of a parameter. With status 200 the product speaks: the call was understood and `Code` says why it was not done. " +
		"Other statuses\nare the gateway's, or RAM's own: `{RequestId, HostId, Code, Message, Recommend}`, on a refusal by policy with the object `AccessDeniedDetail`.\n\n" +
		"| code | status | origin | sense |\n| --- | --- | --- | --- |\n")
	for _, r := range ErrorTable() {
		origin := "official"
		if r.Extension {
			origin = "ours"
		}
		name := func(s string) string { return strings.ReplaceAll(s, "%s", "<Name>") }
		fmt.Fprintf(b, "| `%s` | %d | %s | %s |\n", name(r.Code), r.Status, origin, cell(name(r.Message)))
	}
}
