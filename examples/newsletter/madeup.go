package main

import (
	"io"
	"strconv"
)

// MadeUp are n recipients who do not exist, each with an address of its own,
// with the columns of the shipped file. The same n gives the same ones.
type madeUp struct {
	n, made int
}

func (m *madeUp) columns() []string { return []string{emailColumn, nameColumn, "city", "plan"} }
func (m *madeUp) rows() int64       { return int64(m.n) }
func (m *madeUp) Close() error      { return nil }

func (m *madeUp) next() (row, error) {
	if m.made == m.n {
		return row{}, io.EOF
	}
	i := m.made
	m.made++
	who := people[i%len(people)]
	email := who.local + "." + strconv.Itoa(m.made) + "@" + domains[i/len(people)%len(domains)]
	return row{number: m.made, email: email, fields: map[string]string{
		emailColumn: email,
		nameColumn:  who.name,
		"city":      who.city,
		"plan":      plans[i/7%len(plans)],
	}}, nil
}

// All domains are reserved by RFC 2606 and RFC 6761.
var domains = []string{
	"example.com", "example.org", "example.net", "mail.example.com", "post.test", "bücher.example",
}

var plans = []string{"free", "member", "patron", ""}

var people = []struct{ name, local, city string }{
	{"Amélie Dubois", "amelie.dubois", "Lyon"},
	{"Jürgen Müßig", "juergen.muessig", "Köln"},
	{"Søren Kjærgård", "soren.kjaergard", "Århus"},
	{"Łukasz Żółć", "lukasz.zolc", "Kraków"},
	{"Þórdís Jónsdóttir", "thordis", "Reykjavík"},
	{"Nguyễn Thị Hương", "huong.nguyen", "Huế"},
	{"Иван Петров", "ivan.petrov", "Тверь"},
	{"Оксана Шевченко", "oksana", "Львів"},
	{"Γιώργος Παπαδόπουλος", "giorgos", "Θεσσαλονίκη"},
	{"山田太郎", "taro.yamada", "京都"},
	{"陳美玲", "mei-ling.chen", "臺南"},
	{"김민준", "minjun.kim", "부산"},
	{"محمد علي", "mohammed.ali", "القاهرة"},
	{"דוד כהן", "david.cohen", "חיפה"},
	{"प्रिया शर्मा", "priya.sharma", "जयपुर"},
	{"สมชาย ใจดี", "somchai", "เชียงใหม่"},
	{"ნინო ბერიძე", "nino", "ბათუმი"},
	{"Sinéad O'Brien", "sinead+list", "Galway"},
	{"Müller, Dr. Anna", "anna_mueller", "Zürich"},
	{"", "reader", ""},
	{"John Smith", "john.smith", "Leeds"},
	{"José Ñúñez", "jose.nunez", "A Coruña"},
	{"Çağla Şahin", "cagla.sahin", "İzmir"},
}
