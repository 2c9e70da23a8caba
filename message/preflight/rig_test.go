package preflight_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bulksmtp/bulksmtp/message/preflight"
)

var now = time.Date(2026, 11, 10, 12, 0, 0, 0, time.UTC)

func atNow() time.Time { return now }

const returnPath = "bounces-7@bounces.example.com"

// newsletter is a mail that nothing is to be held against. Its signature is only
// shaped like one.
var newsletter = strings.ReplaceAll(`DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=mail.example.com; s=spring;
 t=1794304800; h=From:From:To:To:Subject:Subject:Date:Message-ID:
 List-Unsubscribe:List-Unsubscribe-Post;
 bh=MTIz; b=NDU2
Date: Tue, 10 Nov 2026 10:00:00 +0000
From: =?utf-8?q?Zo=C3=AB?= <news@example.com>
Reply-To: "Zoe, editor" <"zoe @ work"@example.com>
To: Ann <ann@example.org>
Message-ID: <1.2@example.com>
Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=
List-Id: News <news.example.com>
List-Unsubscribe: <https://example.com/u?t=abc>,
 <mailto:leave@example.com?subject=abc>
List-Unsubscribe-Post: List-Unsubscribe=One-Click
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="mix"
Content-Transfer-Encoding: 8bit

--mix
Content-Type: multipart/alternative; boundary=alt
Content-Transfer-Encoding: 8bit

--alt
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

Gr=C3=BC=C3=9Fe, Ann!
--alt
Content-Type: multipart/related; boundary=rel
Content-Transfer-Encoding: 8bit

--rel
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: 8bit

<html><head><style>body { background: url("cid:back@x") }</style></head>
<body><p>Grüße, Ann!</p><img src="cid:logo%40x" alt="Logo"><a href="https://example.com">x</a></body></html>
--rel
Content-Type: image/png
Content-ID: <logo@x>
Content-Transfer-Encoding: base64

iVBORw0KGgo=
--rel
Content-Type: image/png
Content-ID: <back@x>
Content-Transfer-Encoding: base64

iVBORw0KGgo=
--rel--
--alt--
--mix
Content-Type: application/pdf; name=terms.pdf
Content-Disposition: attachment; filename=terms.pdf
Content-Transfer-Encoding: base64

JVBERi0=
--mix--
`, "\n", "\r\n")

// check returns the findings for a message.
func check(tb testing.TB, c preflight.Config, msg string) []preflight.Finding {
	tb.Helper()
	if c.Now == nil {
		c.Now = atNow
	}
	checker, err := preflight.New(c)
	if err != nil {
		tb.Fatal(err)
	}
	return checker.Check(tb.Context(), []byte(msg), returnPath)
}

// replace is strings.Replace once, of something that is there.
func replace(tb testing.TB, s, old, new string) string {
	tb.Helper()
	old, new = strings.ReplaceAll(old, "\n", "\r\n"), strings.ReplaceAll(new, "\n", "\r\n")
	if strings.Count(s, old) == 0 {
		tb.Fatalf("%q is not there", old)
	}
	return strings.Replace(s, old, new, 1)
}

func kinds(findings []preflight.Finding) []preflight.Kind {
	var list []preflight.Kind
	for _, f := range findings {
		list = append(list, f.Kind)
	}
	return list
}

// allKinds reads the Kinds from the source.
func allKinds(tb testing.TB) []preflight.Kind {
	tb.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "finding.go", nil, 0)
	if err != nil {
		tb.Fatal(err)
	}
	var list []preflight.Kind
	ast.Inspect(file, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok && len(v.Values) == 1 {
			if t, ok := v.Type.(*ast.Ident); ok && t.Name == "Kind" {
				s, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
				if err != nil {
					tb.Fatal(err)
				}
				list = append(list, preflight.Kind(s))
			}
		}
		return true
	})
	if len(list) < 30 || slices.Contains(list, "") {
		tb.Fatalf("%q", list)
	}
	return list
}
